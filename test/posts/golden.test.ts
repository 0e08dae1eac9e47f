/** Both voices of the embedded engine say what the golden corpus says: the TypeScript reference and DuckDB. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DuckDatabase } from '../../src/duck/database.js';
import type { DuckSession } from '../../src/duck/session.js';
import { cleanText } from '../../src/posts/clean-text.js';
import { duckFunctions, functionDocs } from '../../src/posts/functions.js';
import { defaultScheme, labelId } from '../../src/posts/labels.js';
import { mentions } from '../../src/posts/mentions.js';
import { parseTimestamp } from '../../src/posts/parse-timestamp.js';
import {
  type GoldenCase,
  type GoldenFunction,
  type GoldenOptions,
  golden,
  goldenFunctions,
} from './golden.js';

function reference(fn: GoldenFunction, input: string | null, o: GoldenOptions): unknown {
  switch (fn) {
    case 'parse_timestamp': {
      const instant = parseTimestamp(input, o.zones);
      return 'error' in instant ? instant : isoOf(instant.micros);
    }
    case 'mentions':
      return input === null ? null : mentions(input, o.mentions);
    case 'clean_text':
      return input === null ? null : cleanText(input, o.mentions);
    case 'label_id':
      return labelId(input, o.labels ?? defaultScheme, o.neutralId);
  }
}

/** ISO 8601 with as many digits as the golden files write: three, or six where there are microseconds. */
function isoOf(micros: bigint): string {
  const rest = ((micros % 1000n) + 1000n) % 1000n;
  const text = new Date(Number((micros - rest) / 1000n)).toISOString();
  return rest === 0n ? text : text.replace('Z', `${String(rest).padStart(3, '0')}Z`);
}

describe.each(goldenFunctions)('%s', (fn) => {
  describe.each(golden(fn))('with $name', ({ options, cases }) => {
    it.each(cases)('is in TypeScript as recorded for $in', ({ in: input, out }) => {
      expect(reference(fn, input, options)).toEqual(out);
    });

    describe('in DuckDB', () => {
      let database: DuckDatabase;
      let session: DuckSession;
      beforeAll(async () => {
        database = await DuckDatabase.open({ threads: 1 });
        session = await database.connect();
        const { scalars, macros } = duckFunctions(options);
        for (const scalar of scalars) session.register(scalar);
        for (const macro of macros) await session.run(macro);
      });
      afterAll(() => database.close());

      it('is as recorded', async () => {
        const call =
          fn === 'parse_timestamp'
            ? 'epoch_us(parse_timestamp(x)) AS v, timestamp_error(x) AS e'
            : `${fn}(x) AS v`;
        const got: GoldenCase[] = [];
        for (const { in: input, out, ...rest } of cases) {
          const [row] = await session.rows<{ v: unknown; e?: string }>(
            `SELECT ${call} FROM (SELECT CAST($1 AS VARCHAR) AS x)`,
            [input],
          );
          const { v, e } = row!;
          const value = fn !== 'parse_timestamp' ? v : v === null ? { error: e } : isoOf(BigInt(v as number));
          if (fn === 'parse_timestamp' && v !== null) expect(e).toBeNull();
          got.push({ in: input, out: value, ...rest });
        }
        expect(got).toEqual(cases);
      });
    });
  });
});

describe('the table of functions', () => {
  const examples = functionDocs.map(({ example }) => example.split(' = ') as [string, string]);

  it('has examples that are true in DuckDB', async () => {
    const database = await DuckDatabase.open({ threads: 1 });
    const session = await database.connect();
    const { scalars, macros } = duckFunctions(golden('mentions')[0]!.options);
    for (const scalar of scalars) session.register(scalar);
    for (const macro of macros) await session.run(macro);
    for (const [call, result] of examples) {
      const literal = /^\d{4}-/.test(result) ? `TIMESTAMPTZ '${result}'` : result;
      expect(await session.scalar(`SELECT ${call} = ${literal}`), call).toBe(true);
    }
    await database.close();
  });
});
