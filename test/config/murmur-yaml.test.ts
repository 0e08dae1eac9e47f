/** The real spec: what must hold of every setting, and the manual that is written from it (`npx vitest run test/config -u` renews it). */
import { expect, it } from 'vitest';
import { murmurYaml } from '../../src/cli/murmur-yaml.js';
import { formatFault } from '../../src/config/faults.js';
import { environmentName } from '../../src/config/layers.js';
import { parseConfig } from '../../src/config/parse.js';
import { referenceMarkdown } from '../../src/config/reference.js';
import { branches, leaves, type Shape, shapeOf } from '../../src/config/shape.js';
import { spec } from '../../src/pipeline/spec.js';

const shape = shapeOf(spec);

it('an empty murmur.yaml is a sound one', () => {
  const parsed = parseConfig(spec, { file: { name: 'murmur.yaml', text: '' } });
  expect(parsed.ok && parsed.value).toMatchObject({
    landing: 'landing/',
    model: 'bundled',
    page: { port: 4646 },
  });
});

it('what init writes is sound, and still is when every example in it is taken', () => {
  const faults = (text: string) => {
    const parsed = parseConfig(spec, { file: { name: 'murmur.yaml', text } });
    return parsed.ok ? [] : parsed.faults.map(formatFault);
  };
  expect(faults(murmurYaml)).toEqual([]);
  const taken = murmurYaml.replace(/^#(?=\S)/gm, '').replace(/^#(?= {2}\S)/gm, '');
  expect(taken).toContain('\nlanding: landing/\n');
  expect(taken).toContain('\n  bronze: {');
  expect(faults(taken)).toEqual([]);
});

it('every section refuses keys that it does not know', () => {
  const open: string[] = [];
  const visit = (at: Shape, path: string) => {
    for (const form of branches(at)) {
      if (form.properties !== undefined && form.additionalProperties !== false) open.push(path);
      for (const [key, child] of Object.entries(form.properties ?? {})) visit(child, `${path}.${key}`);
      if (form.items !== undefined) visit(form.items, `${path}[]`);
    }
  };
  visit(shape, 'murmur.yaml');
  expect(open).toEqual([]);
});

it('every setting says what it is for, and has an environment name of its own', () => {
  const settings = leaves(shape);
  expect(settings.filter(({ shape: leaf }) => !leaf.description).map(({ path }) => path.join('.'))).toEqual(
    [],
  );
  expect(new Set(settings.map(({ path }) => environmentName(path))).size).toBe(settings.length);
});

it('the manual is up to date', async () => {
  const intro = `
Every setting of a lake, written from the program's own spec. All of them are optional. A flag goes before an environment
variable, that before murmur.yaml, that before the default. In murmur.yaml \`\${NAME}\` and \`\${NAME:-default}\` stand for
environment variables. \`murmur config check\` finds every mistake at once, \`murmur config show\` says what holds and why,
\`murmur config schema\` prints the JSON Schema for editors.

Forms: a *size* is \`64MiB\`, \`500kB\` or a number of bytes; a *duration* \`200ms\`, \`60s\`, \`7d\`, \`1h30m\`; a *trigger*
\`asap\` or a duration; a *share* a number from 0 to 1, or \`99%\`.`;
  const text = referenceMarkdown(spec, { title: 'murmur.yaml', intro });
  await expect(text).toMatchFileSnapshot('../../docs/reference/murmur-yaml.md');
});
