/** Settings are written into a text that people wrote; what they wrote around them stays. */
import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { murmurYaml } from '../../src/cli/murmur-yaml.js';
import { writeSettings } from '../../src/config/yaml-edit.js';

it('changes values where they stand and adds the others, beside all comments', () => {
  const text = `# my lake
landing: in/ # here

streams:
  gold: { threads: 1, max_posts: 10 } # slow
  # raw posts
  bronze:
    max_posts: 10 # few
`;
  const written = writeSettings(text, [
    { path: ['streams', 'gold', 'threads'], value: 'auto' },
    { path: ['streams', 'bronze', 'max_posts'], value: 5000 },
    { path: ['engine', 'spark', 'conf', 'spark.sql.shuffle.partitions'], value: '4' },
  ]);
  expect(written).toBe(`# my lake
landing: in/ # here

streams:
  gold: { threads: auto, max_posts: 10 } # slow
  # raw posts
  bronze:
    max_posts: 5000 # few
engine:
  spark:
    conf:
      spark.sql.shuffle.partitions: "4"
`);
});

it('takes a file in which all is a comment, and an empty one', () => {
  const written = writeSettings(murmurYaml, [{ path: ['maintain', 'effort'], value: '10%' }]);
  for (const line of murmurYaml.split('\n')) expect(written).toContain(line);
  expect(parse(written)).toEqual({ maintain: { effort: '10%' } });
  expect(writeSettings('', [{ path: ['a'], value: true }])).toBe('a: true\n');
});

it('says what to write by hand where it cannot', () => {
  const text = 'all: &all { threads: 1 }\nstreams: { gold: *all }\n';
  expect(() => writeSettings(text, [{ path: ['streams', 'gold', 'threads'], value: 2 }])).toThrow(
    expect.objectContaining({
      code: 'config.not_writable',
      fix: expect.stringContaining('streams.gold.threads: 2'),
    }),
  );
});
