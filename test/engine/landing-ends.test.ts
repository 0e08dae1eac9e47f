/** Where a batch's files ended is all told in its commit, in little room and without what people wrote. */
import fc from 'fast-check';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { packEnds, unpackEnds } from '../../src/engine/embedded/landing-ends.js';
import type { InputRange } from '../../src/sources/source.js';
import { posts, query, TestLake } from './lake.js';

let lake: TestLake;
beforeEach(() => {
  lake = new TestLake();
});
afterEach(() => lake.remove());

const position = fc.record({ byte: fc.nat(), line: fc.nat(), crc: fc.nat(), tail: fc.nat() });
const range: fc.Arbitrary<InputRange> = fc.record(
  {
    path: fc.string({ unit: 'grapheme', minLength: 1 }),
    size: fc.nat(),
    mtimeMs: fc.double({ noNaN: true, min: 0, max: 2e12 }).map((ms) => ms + 0),
    format: fc.constantFrom('ndjson', 'json', 'csv', 'parquet'),
    gzip: fc.boolean(),
    from: position,
    to: position,
    last: fc.boolean(),
    etag: fc.string(),
    fault: fc.record({
      rule: fc.constantFrom('bad_line', 'unreadable'),
      reason: fc.string(),
      raw: fc.string(),
    }),
  },
  { requiredKeys: ['path', 'size', 'mtimeMs', 'format', 'gzip', 'from', 'to', 'last'] },
);

it('ends come back as they were, however many', () => {
  fc.assert(
    fc.property(fc.array(range, { maxLength: 60 }), (ranges) => {
      const ends = ranges.map(({ fault, ...rest }) => ({
        ...rest,
        from: rest.to,
        ...(fault && { fault: { ...fault, raw: '' } }),
      }));
      expect(unpackEnds(JSON.parse(JSON.stringify(packEnds(ranges))))).toEqual(ends);
    }),
    { numRuns: 50 },
  );
});

it('a commit over a thousand files stays small', async () => {
  for (const post of posts(1_000)) lake.land(`tweet-${post.id_str}.ndjson`, [post]);
  const { error } = await lake.runOnce([query('bronze')]);
  expect(error).toBeUndefined();
  const [newest] = await (await lake.table('bronze')).history(1);
  const { endOffset, counts } = JSON.parse(newest!.murmur!);
  expect(counts.input_posts).toBe(1_000);
  expect(unpackEnds(endOffset)).toHaveLength(1_000);
  expect(newest!.murmur!.length).toBeLessThan(50_000);
});

it('what stood in a broken file is not in the log', () => {
  const fault = { rule: 'unreadable' as const, reason: 'why', raw: 'what a person wrote' };
  const end = { byte: 0, line: 0 };
  const file = { path: 'a', size: 1, mtimeMs: 1, format: 'ndjson' as const, gzip: false };
  const packed = packEnds([{ ...file, from: end, to: end, last: true, fault }]);
  expect(JSON.stringify(packed)).not.toContain('what a person wrote');
  expect(unpackEnds(packed)[0]!.fault).toEqual({ ...fault, raw: '' });
});
