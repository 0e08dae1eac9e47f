import { expect, it } from 'vitest';
import { referenceMarkdown } from '../../src/config/reference.js';
import { jsonSchema } from '../../src/config/shape.js';
import { spec } from './spec.js';

it('the manual has every setting with form, default, meaning and environment name', () => {
  const text = referenceMarkdown(spec, { title: 'test.yaml', intro: 'What can be set.' });
  expect(text).toMatch(/^# test\.yaml\n\nWhat can be set\.\n\n## Top level\n/);
  expect(text).toContain('## page\n\nThe live page.\n');
  for (const row of [
    '| `landing` | text | `landing/` | Folder from which posts are read. | `MURMUR_LANDING` |',
    '| `format` | auto \\| ndjson \\| csv | `auto` | Form of the files. | `MURMUR_FORMAT` |',
    '| `labels` | map of negative \\| neutral \\| positive | `{}` | Theirs to ours. | `MURMUR_LABELS` |',
    '| `neutral.id` | whole number \\| null | `null` |  | `MURMUR_NEUTRAL_ID` |',
    '| `streams.bronze.max_bytes` | size | `64MiB` | Most bytes of a batch. | `MURMUR_STREAMS_BRONZE_MAX_BYTES` |',
    '| `streams.gold.threads` | auto or count | `auto` |  | `MURMUR_STREAMS_GOLD_THREADS` |',
    '| `expect.silver` | list of {name, rule, action} \\| {name, min_ratio, action} | `[]` |  | `MURMUR_EXPECT_SILVER` |',
    '| `page.port` | whole number 0–65535 | `4646` | First port that is tried. | `MURMUR_PAGE_PORT` |',
    '| `engine` | embedded \\| {spark} | `embedded` |  | `MURMUR_ENGINE` |',
  ]) {
    expect(text).toContain(`${row}\n`);
  }
});

it('the JSON Schema says what may be written, and forbids what may not', () => {
  const schema = jsonSchema(spec, { title: 'test.yaml' });
  expect(schema).toMatchObject({
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'test.yaml',
    additionalProperties: false,
    properties: { streams: { properties: { bronze: { properties: { max_bytes: { default: '64MiB' } } } } } },
  });
});
