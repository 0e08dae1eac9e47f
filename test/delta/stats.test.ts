import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type ColumnStatistics, formatStats, parseStats } from '../../src/delta/index.js';
import type { DataType } from '../../src/schema/column-types.js';

const stats = (...columns: ColumnStatistics[]) => formatStats({ numRecords: 3, columns });
const bounds = (type: DataType, min: unknown, max: unknown = min) => {
  const { minValues, maxValues } = JSON.parse(stats({ path: ['c'], type, min, max }));
  return [minValues.c, maxValues.c];
};
const micros = (iso: string, extra = 0n) => BigInt(Date.parse(iso)) * 1000n + extra;

describe('statistics', () => {
  it('are these bytes', () => {
    const text = stats(
      { path: ['id'], type: 'long', min: 1700000000000000001n, max: 9223372036854775807n, nullCount: 0 },
      { path: ['d'], type: 'decimal(38,2)', min: '-12345678901234567890.10', max: '0.00', nullCount: 0n },
      { path: ['s'], type: 'string', min: 'a"\n', max: '😀', nullCount: 1 },
      { path: ['u', 'n'], type: 'integer', min: -5, max: 7, nullCount: 1 },
      { path: ['u', 'w', 'x'], type: 'double', min: -1.5e-7, max: 1e21, nullCount: 2 },
      { path: ['day'], type: 'date', min: '2024-01-31', max: '2024-02-29', nullCount: 0 },
      { path: ['t'], type: 'timestamp', min: micros('2024-01-02T03:04:05.123Z'), max: 0n, nullCount: 0 },
      { path: ['tags'], type: { type: 'array', elementType: 'string', containsNull: true }, nullCount: 2 },
      { path: ['none'], type: 'string', nullCount: 3 },
    );
    expect(text).toBe(
      '{"numRecords":3,' +
        '"minValues":{"id":1700000000000000001,"d":-12345678901234567890.10,"s":"a\\"\\n","u":{"n":-5,"w":{"x":-1.5e-7}},"day":"2024-01-31","t":"2024-01-02T03:04:05.123Z"},' +
        '"maxValues":{"id":9223372036854775807,"d":0.00,"s":"😀","u":{"n":7,"w":{"x":1e+21}},"day":"2024-02-29","t":"1970-01-01T00:00:00.000Z"},' +
        '"nullCount":{"id":0,"d":0,"s":1,"u":{"n":1,"w":{"x":2}},"day":0,"t":0,"tags":2,"none":3}}',
    );
    expect(() => JSON.parse(text)).not.toThrow();
  });

  it('keep 64-bit integers when they are read back', () => {
    const { minValues, numRecords } = parseStats(
      '{"numRecords":2,"minValues":{"id":1700000000000000001,"n":-3,"f":0.1,"u":{"big":-9007199254740993}}}',
    )!;
    expect(numRecords).toBe(2);
    expect(minValues).toEqual({ id: 1700000000000000001n, n: -3, f: 0.1, u: { big: -9007199254740993n } });
  });

  it.each(['', 'null', '{"numRecords":', '[1', '7'])(
    'that are not what they should be (%j) are none',
    (text) => {
      expect(parseStats(text)).toBeUndefined();
    },
  );

  it.each([
    ['timestamp', '2024-01-02T03:04:05.123Z', 0n, '2024-01-02T03:04:05.123Z', '2024-01-02T03:04:05.123Z'],
    ['timestamp', '2024-01-02T03:04:05.123Z', 1n, '2024-01-02T03:04:05.123Z', '2024-01-02T03:04:05.124Z'],
    ['timestamp', '1969-12-31T23:59:59.999Z', 999n, '1969-12-31T23:59:59.999Z', '1970-01-01T00:00:00.000Z'],
    ['timestamp_ntz', '1900-01-01T00:00:00.000Z', 500n, '1900-01-01T00:00:00.000', '1900-01-01T00:00:00.001'],
  ] as const)('%s %s + %s µs: floor and ceiling', (type, iso, extra, min, max) => {
    expect(bounds(type, micros(iso, extra))).toEqual([min, max]);
  });

  it.each([
    ['timestamp', micros('9999-12-31T23:59:59.999Z', 1n), ['9999-12-31T23:59:59.999Z', undefined]],
    ['timestamp', 9223372036854775807n, [undefined, undefined]],
    ['double', Number.NaN, [undefined, undefined]],
    ['double', Number.POSITIVE_INFINITY, [undefined, undefined]],
    ['boolean', true, [undefined, undefined]],
    ['binary', 'ff', [undefined, undefined]],
  ] as const)('%s %s has only the bounds that can be written', (type, value, expected) => {
    expect(bounds(type, value)).toEqual(expected);
  });

  const a32 = 'a'.repeat(32);
  const highest = '\u{10ffff}';
  it.each([
    ['32 characters', a32, a32, a32],
    ['33, then a letter', `${a32}b`, a32, `${a32}\u007f`],
    ['33, then U+007E', `${a32}~`, a32, `${a32}\u007f`],
    ['33, then U+007F', `${a32}\u007f`, a32, a32 + highest],
    ['33, then é', `${a32}é`, a32, a32 + highest],
    ['33, then an emoji', `${a32}😀`, a32, a32 + highest],
    [
      '31 and an emoji across the cut',
      `${'a'.repeat(31)}😀z`,
      `${'a'.repeat(31)}😀`,
      `${'a'.repeat(31)}😀\u007f`,
    ],
    ['then U+10FFFF', `${a32}${highest}b`, a32, `${a32}${highest}${highest}`],
    ['U+10FFFF to the end', a32 + highest, a32, a32 + highest],
    ['too many U+10FFFF', a32 + highest.repeat(17), a32, undefined],
  ])('text of %s', (_, text, min, max) => {
    expect(bounds('string', text)).toEqual([min, max]);
  });

  it('bound every text in UTF-8 order, and stay well formed', () => {
    const unit = fc.constantFrom('a', '~', '\u007f', 'é', '\ue000', '\uffff', '😀', highest);
    fc.assert(
      fc.property(fc.array(unit, { minLength: 1, maxLength: 90 }), (units) => {
        const text = units.join('');
        const [min, max] = bounds('string', text) as [string, string | undefined];
        const order = (x: string, y: string) => Buffer.compare(Buffer.from(x), Buffer.from(y));
        expect(order(min, text)).toBeLessThanOrEqual(0);
        if (max !== undefined) expect(order(max, text)).toBeGreaterThanOrEqual(0);
        for (const bound of [min, max ?? '']) expect(Buffer.from(bound).toString()).toBe(bound);
        expect((max ?? '').length).toBeLessThanOrEqual(66);
      }),
      { numRuns: 500 },
    );
  });
});
