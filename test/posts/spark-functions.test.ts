/** What Spark's dialect is made of. That it says what the reference says is proven on a real Spark. */
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { entityNames } from '../../src/posts/sql/entity-names.js';
import { sparkFunctions } from '../../src/posts/sql/spark.js';
import { defaultZones } from '../../src/posts/zones.js';

it('has every entity that the library of the reference knows', () => {
  const require = createRequire(import.meta.url);
  const folder = dirname(require.resolve('html-entities/package.json'));
  const { namedReferences } = require(join(folder, 'dist/commonjs/named-references.js')) as {
    namedReferences: { html5: { entities: Record<string, string> } };
  };
  const known = Object.keys(namedReferences.html5.entities).map((name) => name.replace(/^&|;$/g, ''));
  expect(new Set(entityNames)).toEqual(new Set(known));
});

it('creates every named function, and none that outlives its session', () => {
  const statements = sparkFunctions({ mentions: 'twitter', zones: defaultZones, neutralId: null });
  for (const name of ['parse_timestamp', 'timestamp_error', 'mentions', 'clean_text', 'label_id'])
    expect(statements.some((sql) => sql.startsWith(`CREATE OR REPLACE TEMPORARY FUNCTION ${name}(`))).toBe(
      true,
    );
  expect(statements.every((sql) => sql.startsWith('CREATE OR REPLACE TEMPORARY FUNCTION '))).toBe(true);
});
