/** Statistics of written files against what a plain pass over the rows says. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatStats } from '../../src/delta/index.js';
import { writeParquet } from '../../src/duck/index.js';
import { arrayOf, column, type DataType, struct } from '../../src/schema/column-types.js';
import { openDuck } from './open-duck.js';

const { storage, session } = await openDuck();

const schema = struct(
  column('s', 'string'),
  column('long_text', 'string'),
  column('l', 'long'),
  column('i', 'integer'),
  column('d', 'double'),
  column('t', 'timestamp'),
  column('day', 'date'),
  column('price', 'decimal(18,3)'),
  column('b', 'boolean'),
  column('tags', arrayOf('string')),
  column('st', struct(column('x', 'long'), column('y', 'string'))),
);

const int64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
const text = fc.string({
  unit: fc.oneof(
    fc.constantFrom('a', '~', '\u007f', '\u0000', '"', '\\', 'é', '\uffff', '\ue000', '😀', '\u{10ffff}'),
    fc.string({ unit: 'grapheme', minLength: 1, maxLength: 1 }),
  ),
  maxLength: 50,
});
// Around the 256 bytes at which the Parquet writer cuts, and around the 32 characters at which Delta does.
const longText = fc.oneof(
  text,
  fc
    .tuple(
      fc.constantFrom('', 'a', 'é', '😀'),
      fc.constantFrom('x', 'é', '\u007f', '\uffff', '😀', '\u{10ffff}'),
      fc.integer({ min: 25, max: 300 }),
      text,
    )
    .map(([head, fill, n, tail]) => head + fill.repeat(n) + tail),
);
const millis = fc.date({
  min: new Date('0001-01-01T00:00:00Z'),
  max: new Date('9999-12-31T00:00:00Z'),
  noInvalidDate: true,
});
const nullable = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: null, freq: 4 });
const row = fc.tuple(
  nullable(text),
  nullable(longText),
  nullable(int64),
  nullable(fc.integer()),
  nullable(
    fc.oneof(
      { weight: 20, arbitrary: fc.double({ noNaN: true }) },
      { weight: 1, arbitrary: fc.constant(Number.NaN) },
    ),
  ),
  nullable(
    fc
      .tuple(millis, fc.integer({ min: 0, max: 999 }))
      .map(([ms, us]) => BigInt(ms.getTime()) * 1000n + BigInt(us)),
  ),
  nullable(millis.map((d) => d.toISOString().slice(0, 10))),
  nullable(fc.bigInt({ min: -(10n ** 17n), max: 10n ** 17n }).map(thousandths)),
  nullable(fc.boolean()),
  nullable(fc.array(nullable(text), { maxLength: 3 })),
  nullable(fc.record({ x: nullable(int64), y: nullable(text) })),
);

describe('statistics of a file', () => {
  it('are what a pass over its rows finds', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(row, { minLength: 1, maxLength: 40 }), async (rows) => {
        await session.run('DROP TABLE IF EXISTS given');
        await session.append('given', schema, rows);
        const [file] = await writeParquet(session, { select: 'FROM given', storage, schema });
        expect(file!.stats).toBe(naive(rows));
      }),
      { numRuns: 80 },
    );
  });

  it('hold over several row groups', async () => {
    const rows = Array.from({ length: 5000 }, (_, i) => {
      const n = (i * 7919) % 5003;
      const text = `${'z'.repeat(n % 300)}${n}`;
      return [`${n}`, text, BigInt(n), n, n / 7, BigInt(n), null, null, null, null, null];
    });
    await session.run('DROP TABLE IF EXISTS given');
    await session.append('given', schema, rows);
    const [file] = await writeParquet(session, { select: 'FROM given', storage, schema, rowGroupRows: 2048 });
    expect(file!.stats).toBe(naive(rows));
  });
});

describe('which columns have statistics', () => {
  const wide = struct(
    column('st', struct(column('x', 'long'), column('y', 'string'))),
    ...Array.from({ length: 40 }, (_, i) => column(`c${i}`, i % 2 ? 'long' : arrayOf('long'))),
    column('o.dd`, name', 'long'),
  );
  const columnsIn = async (configuration?: Record<string, string>) => {
    const select = "SELECT {'x': 1, 'y': 'a'} AS st, 7 AS \"o.dd`, name\"";
    const [file] = await writeParquet(session, {
      select,
      storage,
      schema: wide,
      ...(configuration && { configuration }),
    });
    return Object.entries(JSON.parse(file!.stats).nullCount).flatMap(([name, n]) =>
      typeof n === 'object' ? Object.keys(n as object).map((k) => `${name}.${k}`) : [name],
    );
  };
  const firstOnes = (n: number) => Array.from({ length: n }, (_, i) => `c${i}`);

  it('the first 32 leaves, or as many as the table says', async () => {
    expect(await columnsIn()).toEqual(['st.x', 'st.y', ...firstOnes(30)]);
    expect(await columnsIn({ 'delta.dataSkippingNumIndexedCols': '3' })).toEqual(['st.x', 'st.y', 'c0']);
    expect(await columnsIn({ 'delta.dataSkippingNumIndexedCols': '1' })).toEqual(['st.x']);
    expect(await columnsIn({ 'delta.dataSkippingNumIndexedCols': '0' })).toEqual([]);
    expect(await columnsIn({ 'delta.dataSkippingNumIndexedCols': '-1' })).toEqual([
      'st.x',
      'st.y',
      ...firstOnes(40),
      'o.dd`, name',
    ]);
  });

  it('those that are named, which goes first', async () => {
    const named = (text: string) =>
      columnsIn({ 'delta.dataSkippingStatsColumns': text, 'delta.dataSkippingNumIndexedCols': '1' });
    expect(await named('c39, C1')).toEqual(['c1', 'c39']);
    expect(await named('st')).toEqual(['st.x', 'st.y']);
    expect(await named('st.y,`o.dd``, name`')).toEqual(['st.y', 'o.dd`, name']);
    expect(await named('')).toEqual([]);
  });
});

/** The specification (facts of `stats.ts` apart): exact minimum, maximum and null count of each leaf. */
function naive(rows: readonly (readonly unknown[])[]): string {
  const leaves: { path: string[]; type: DataType; values: unknown[] }[] = schema.fields.flatMap(
    (field, i) => {
      const values = rows.map((r) => r[i]);
      if (typeof field.type !== 'string' && field.type.type === 'struct') {
        return field.type.fields.map((f) => ({
          path: [field.name, f.name],
          type: f.type,
          values: values.map((v) => (v as Record<string, unknown> | null)?.[f.name] ?? null) as unknown[],
        }));
      }
      return [{ path: [field.name], type: field.type, values }];
    },
  );
  return formatStats({
    numRecords: rows.length,
    columns: leaves.map(({ path, type, values }) => {
      const present = values.filter((v) => v !== null);
      const nullCount = values.length - present.length;
      const compare = order(type);
      const bounded = compare && present.length > 0 && !present.some((v) => Number.isNaN(v));
      if (!bounded) return { path, type, nullCount };
      const sorted = present.toSorted(compare);
      return { path, type, nullCount, min: sorted[0], max: sorted.at(-1) };
    }),
  });
}

function order(type: DataType): ((a: unknown, b: unknown) => number) | undefined {
  if (typeof type !== 'string' || type === 'boolean') return undefined;
  if (type === 'string') return (a, b) => Buffer.compare(Buffer.from(a as string), Buffer.from(b as string));
  const key = (v: unknown) =>
    type.startsWith('decimal') ? BigInt((v as string).replace('.', '')) : (v as bigint);
  return (a, b) => (key(a) < key(b) ? -1 : key(a) > key(b) ? 1 : 0);
}

function thousandths(n: bigint): string {
  const digits = (n < 0n ? -n : n).toString().padStart(4, '0');
  return `${n < 0n ? '-' : ''}${digits.slice(0, -3)}.${digits.slice(-3)}`;
}
