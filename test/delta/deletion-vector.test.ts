import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { DeletionVector } from '../../src/delta/actions.js';
import { deletionVectorPath, readDeletionVector } from '../../src/delta/index.js';
import { bitmapRanges } from '../../src/delta/roaring-bitmap.js';
import { MemoryStorage } from '../../src/storage/memory.js';
import { type ContainerForm, inlineVector, payload, roaring, storedVectors } from './deletion-vectors.js';

/** The vector that PROTOCOL.md and the tests of other engines take as their example. */
const known: DeletionVector = {
  ...{ storageType: 'i', pathOrInlineDv: '^Bg9^0rr910000000000iXQKl0rr91000f55c8Xg0@@D72lkbi5=-{L' },
  ...{ sizeInBytes: 44, cardinality: 6 },
};

async function rowsOf(vector: DeletionVector, storage = new MemoryStorage()): Promise<number[]> {
  return [...(await readDeletionVector(storage, vector))].flatMap(([first, last]) =>
    Array.from({ length: last - first + 1 }, (_, i) => first + i),
  );
}

describe('where a deletion vector lies', () => {
  it('inline', async () => {
    expect(await rowsOf(known)).toEqual([3, 4, 7, 11, 18, 29]);
    // 21 bytes behind the magic: the text is filled up to whole groups.
    expect(await rowsOf(inlineVector([9]))).toEqual([9]);
  });

  it('in a file named by a UUID, with or without a prefix, of several vectors', async () => {
    const storage = new MemoryStorage();
    const all = [[0, 1, 2, 9], [5], [2 ** 33 + 7, 2 ** 33 + 8]];
    for (const prefix of ['', 'ab']) {
      const vectors = await storedVectors(storage, all, prefix);
      for (const [i, vector] of vectors.entries()) expect(await rowsOf(vector, storage)).toEqual(all[i]);
    }
    const named = { storageType: 'u', sizeInBytes: 1, cardinality: 1 } as const;
    expect(deletionVectorPath({ ...named, pathOrInlineDv: 'ab^-aqEH.-t@S}K{vb[*k^' })).toBe(
      'ab/deletion_vector_d2c639aa-8816-431a-aaf6-d3fe2512ff61.bin',
    );
  });
});

describe('a bitmap', () => {
  const forms = fc.array(fc.constantFrom<ContainerForm>('array', 'run'), { minLength: 8, maxLength: 8 });
  /** Row numbers in lumps, some long, over a few containers and buckets. */
  const rows = fc
    .array(
      fc.tuple(
        fc.constantFrom(0, 1, 2, 7, 65_535, 65_536, 2 ** 32 / 65_536, 2 ** 20),
        fc.nat(65_535),
        fc.nat(300),
      ),
      { maxLength: 12 },
    )
    .map((lumps) => {
      const all = lumps.flatMap(([container, from, length]) =>
        Array.from({ length: length + 1 }, (_, i) => container * 65_536 + from + i),
      );
      return [...new Set(all)].sort((a, b) => a - b);
    });

  it('gives its values back in ascending ranges that do not touch, whatever its containers', () => {
    fc.assert(
      fc.property(rows, forms, (values, chosen) => {
        const bytes = roaring(values, (i) => chosen[i % 8]!);
        const ranges = [...bitmapRanges(bytes)];
        expect(
          ranges.flatMap(([first, last]) => Array.from({ length: last - first + 1 }, (_, i) => first + i)),
        ).toEqual(values);
        expect(ranges.slice(1).every(([first], i) => first > ranges[i]![1] + 1)).toBe(true);
      }),
      { numRuns: 200 },
    );
  });

  it('of many values in a container is read bit by bit', () => {
    const even = Array.from({ length: 5000 }, (_, i) => i * 2);
    const ranges = [
      ...bitmapRanges(roaring([...even, 65_536 * 3 + 1], (i) => (i === 0 ? 'bitmap' : 'array'))),
    ];
    expect(ranges.map(([first]) => first)).toEqual([...even, 65_536 * 3 + 1]);
    const full = Array.from({ length: 69_000 }, (_, i) => i + 3);
    expect([...bitmapRanges(roaring(full, (i) => (i === 0 ? 'bitmap' : 'array')))]).toEqual([[3, 69_002]]);
    expect([...bitmapRanges(roaring(full, () => 'run'))]).toEqual([[3, 69_002]]);
  });

  it('that is cut short, goes on or is out of order is broken', () => {
    const bytes = roaring([1, 5, 70_000], () => 'array');
    for (let length = 0; length < bytes.length; length++) {
      expect(() => [...bitmapRanges(bytes.subarray(0, length))], String(length)).toThrow(RangeError);
    }
    expect(() => [...bitmapRanges(Buffer.concat([bytes, Buffer.of(0)]))]).toThrow(/behind/);
    expect(() => [...bitmapRanges(roaring([5, 1], () => 'array'))]).toThrow(/ascending/);
  });
});

describe('a deletion vector that cannot be trusted is refused', () => {
  const rows = [1, 2, 8];
  const stored = async (
    damage: (file: Buffer) => Buffer | undefined,
    change: Partial<DeletionVector> = {},
  ) => {
    const storage = new MemoryStorage();
    const [vector] = await storedVectors(storage, [rows]);
    const path = deletionVectorPath(vector!)!;
    const file = damage(Buffer.from(await storage.read(path)));
    if (file === undefined) await storage.delete(path);
    else await storage.put(path, file);
    return rowsOf({ ...vector!, ...change }, storage);
  };
  const flip = (at: number) => (file: Buffer) => {
    file[at]! ^= 0x40;
    return file;
  };

  it('as long as nothing is wrong it is read', async () => {
    expect(await stored((file) => file)).toEqual(rows);
  });

  it.each([
    ['it is missing', () => undefined, {}, /is not there/],
    ['its file is of another version', flip(0), {}, /version 65/],
    ['its length differs', flip(4), {}, /the log says/],
    ['a bit of its bitmap has turned', flip(30), {}, /checksum/],
    ['its checksum has turned', flip(1 + 4 + payload(rows).length), {}, /checksum/],
    ['its file is cut short', (file: Buffer) => file.subarray(0, -1), {}, /too short/],
    ['the log says other rows', (file: Buffer) => file, { cardinality: 4 }, /holds 3 rows, the log says 4/],
    ['its name is malformed', (file: Buffer) => file, { pathOrInlineDv: 'no' }, /malformed/],
  ])('when %s', async (_, damage, change, message) => {
    await expect(stored(damage, change)).rejects.toMatchObject({
      code: 'delta.bad_deletion_vector',
      fault: 'external',
      message: expect.stringMatching(message),
      fix: expect.any(String),
    });
  });

  it.each([
    ['is not Z85', { pathOrInlineDv: '"""""' }, /not Z85/],
    ['is shorter than it should be', { sizeInBytes: 48 }, /holds 44 bytes/],
    ['has another magic', { pathOrInlineDv: `00000${known.pathOrInlineDv.slice(5)}` }, /begin/],
    [
      'holds a broken bitmap',
      { pathOrInlineDv: known.pathOrInlineDv.slice(0, 40), sizeInBytes: 32 },
      /broken/,
    ],
  ])('when its text %s', async (_, change, message) => {
    await expect(rowsOf({ ...known, ...change })).rejects.toMatchObject({
      code: 'delta.bad_deletion_vector',
      message: expect.stringMatching(message),
    });
  });
});
