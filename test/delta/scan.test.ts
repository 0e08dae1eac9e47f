import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Action } from '../../src/delta/actions.js';
import { type Condition, formatStats, planScan } from '../../src/delta/index.js';
import { emptyState, replay, Snapshot } from '../../src/delta/snapshot.js';
import { column, type DataType, struct } from '../../src/schema/column-types.js';

const schema = struct(
  ...(
    [
      ['id', 'long'],
      ['f', 'float'],
      ['x', 'double'],
      ['s', 'string'],
      ['d', 'date'],
      ['t', 'timestamp'],
    ] as const
  ).map(([name, type]) => column(name, type)),
  column('part', 'string'),
);

function snapshotOf(...stats: (string | undefined)[]): Snapshot {
  const start: Action[] = [
    { protocol: { minReaderVersion: 1, minWriterVersion: 2 } },
    {
      metaData: {
        ...{ id: 'x', format: { provider: 'parquet', options: {} }, configuration: {} },
        ...{ schemaString: JSON.stringify(schema), partitionColumns: ['part'] },
      },
    },
  ];
  const adds = stats.map(
    (text, i): Action => ({
      add: {
        ...{ path: `f${String(i).padStart(3, '0')}`, partitionValues: { part: 'a' }, size: 1 },
        ...{ modificationTime: 1, dataChange: true, ...(text === undefined ? {} : { stats: text }) },
      },
    }),
  );
  return new Snapshot(replay(emptyState, 0, [...start, ...adds]), 'test');
}
const kept = (conditions: Condition[], ...stats: (string | undefined)[]) =>
  planScan(snapshotOf(...stats), conditions).map(({ path }) => Number(path.slice(1)));

type Value = number | bigint | string | null;
const types = { id: 'long', x: 'double', s: 'string', d: 'date', t: 'timestamp' } as const;
function order(a: Value, b: Value): number {
  if (typeof a === 'string') return Buffer.compare(Buffer.from(a), Buffer.from(String(b)));
  return a! < (b as typeof a)! ? -1 : a! > (b as typeof a)! ? 1 : 0;
}

/** SQL's answer for one value, NaN greater than every number. */
function matches(value: Value, condition: Condition): boolean {
  if (condition.op === 'is null') return value === null;
  if (value === null) return false;
  if (condition.op === 'is not null') return true;
  const c = Number.isNaN(value) ? 1 : order(value, condition.value);
  return { '=': c === 0, '<': c < 0, '<=': c <= 0, '>': c > 0, '>=': c >= 0 }[condition.op];
}

/** What a writer would write: ours, or one that leaves NaN out of its bounds and floors times to the millisecond. */
function statsOf(type: DataType, values: readonly Value[], foreign: boolean): string {
  const present = values.filter((v): v is Exclude<Value, null> => v !== null);
  const numbers = present.filter((v) => !Number.isNaN(v)).sort(order);
  const usable = foreign || numbers.length === present.length;
  const floor = (v: Value | undefined) =>
    foreign && typeof v === 'bigint' && type === 'timestamp' ? (v / 1000n) * 1000n : v;
  return formatStats({
    numRecords: values.length,
    columns: [
      {
        ...{ path: ['c'], type, nullCount: values.length - present.length },
        ...(usable && numbers.length > 0 ? { min: floor(numbers[0]), max: floor(numbers.at(-1)) } : {}),
      },
    ],
  });
}

const values: Record<keyof typeof types, fc.Arbitrary<Exclude<Value, null>>> = {
  id: fc.constantFrom(-2n, 0n, 3n, 9007199254740993n, 9007199254740992n),
  x: fc.constantFrom(-1.5, -0, 0, 0.1, 2, 1e300, Number.NaN),
  s: fc.constantFrom(
    '',
    'a',
    'é',
    '\ue000',
    '😀',
    'a'.repeat(40),
    `${'a'.repeat(32)}😀`,
    `${'a'.repeat(32)}\uffff`,
  ),
  d: fc.constantFrom('2023-12-31', '2024-01-01', '2024-02-29'),
  t: fc.constantFrom(0n, 1n, 999n, 1000n, 1_700_000_000_000_001n, 1_700_000_000_000_999n),
};

describe('a scan', () => {
  it('never leaves out a file with a matching row', () => {
    const example = fc.constantFrom(...(Object.keys(types) as (keyof typeof types)[])).chain((name) =>
      fc.record({
        name: fc.constant(name),
        files: fc.array(fc.array(fc.option(values[name]), { minLength: 1, maxLength: 4 }), {
          minLength: 1,
          maxLength: 6,
        }),
        foreign: fc.boolean(),
        conditions: fc.array(
          fc.oneof(
            fc.record({
              op: fc.constantFrom('=', '<', '<=', '>', '>='),
              value: values[name].filter((v) => !Number.isNaN(v)),
            }),
            fc.record({ op: fc.constantFrom('is null', 'is not null') }),
          ),
          { minLength: 1, maxLength: 2 },
        ),
      }),
    );
    fc.assert(
      fc.property(example, ({ name, files, foreign, conditions }) => {
        const wanted = conditions.map((c) => ({ ...c, column: name.toUpperCase() }) as Condition);
        const texts = files.map((file) =>
          statsOf(types[name], file, foreign).replaceAll('"c":', `"${name}":`),
        );
        const found = new Set(kept(wanted, ...texts));
        for (const [i, file] of files.entries()) {
          if (file.some((value) => wanted.every((c) => matches(value, c)))) expect(found).toContain(i);
        }
      }),
      { numRuns: 3000 },
    );
  });

  const range = (name: string, min: string, max: string) =>
    `{"numRecords":2,"minValues":{"${name}":${min}},"maxValues":{"${name}":${max}},"nullCount":{"${name}":0}}`;

  it('leaves out what cannot match', () => {
    const ids = [
      range('id', '0', '9'),
      range('id', '10', '1700000000000000001'),
      range('id', '1700000000000000002', '1700000000000000003'),
    ];
    expect(kept([{ column: 'id', op: '=', value: 1700000000000000002n }], ...ids)).toEqual([2]);
    expect(kept([{ column: 'id', op: '<', value: 10 }], ...ids)).toEqual([0]);
    expect(
      kept(
        [
          { column: 'id', op: '>', value: 9 },
          { column: 'id', op: '<=', value: 10 },
        ],
        ...ids,
      ),
    ).toEqual([1]);
    expect(kept([{ column: 'id', op: 'is null' }], ...ids)).toEqual([]);
    const texts = [range('s', '"a"', '"m"'), range('s', '"\ue000"', '"\ue000"'), range('s', '"😀"', '"😀"')];
    expect(kept([{ column: 's', op: '>', value: '\ue000' }], ...texts)).toEqual([2]);
    expect(
      kept(
        [{ column: 't', op: '>=', value: 1_704_164_645_124_001n }],
        range('t', '"2024-01-02T03:04:05.100Z"', '"2024-01-02T03:04:05.123Z"'),
      ),
    ).toEqual([]);
  });

  it('reads what it knows nothing of', () => {
    const nothing = [
      undefined,
      '{}',
      'broken',
      '{"numRecords":1,"minValues":{"id":"x"},"maxValues":{"id":null}}',
    ];
    expect(kept([{ column: 'id', op: '=', value: 5 }], ...nothing)).toEqual([0, 1, 2, 3]);
    expect(kept([{ column: 'no_such', op: '=', value: 5 }], range('id', '1', '2'))).toEqual([0]);
    expect(kept([{ column: 'part', op: '=', value: 'b' }], range('id', '1', '2'))).toEqual([0]);
    expect(kept([], range('id', '1', '2'))).toEqual([0]);
  });

  it('allows for how others write', () => {
    // A float's shortest text is not its value; a time's maximum is floored; a maximum may be silent on NaN.
    expect(
      kept(
        [
          { column: 'f', op: '>=', value: Math.fround(0.1) },
          { column: 'f', op: '=', value: Math.fround(0.1) },
        ],
        range('f', '0.1', '0.1'),
      ),
    ).toEqual([0]);
    expect(
      kept(
        [{ column: 't', op: '>', value: 1_704_164_645_123_500n }],
        range('t', '"2024-01-02T03:04:05.100Z"', '"2024-01-02T03:04:05.123Z"'),
      ),
    ).toEqual([0]);
    expect(
      kept(
        [{ column: 't', op: '>', value: 1_704_164_645_123_500n }],
        range('t', '"2024-01-02 03:04:05.1"', '"2024-01-02T03:04:05.123456-00:00"'),
      ),
    ).toEqual([0]);
    expect(kept([{ column: 'x', op: '>', value: 100 }], range('x', '0', '1'))).toEqual([0]);
    expect(
      kept([{ column: 'd', op: '>', value: '2024-01-01' }], range('d', '"2020-01-01"', '"+12024-01-01"')),
    ).toEqual([0]);
  });
});
