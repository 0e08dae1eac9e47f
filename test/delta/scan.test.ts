import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Action, Metadata } from '../../src/delta/actions.js';
import { type Condition, formatStats, planScan } from '../../src/delta/index.js';
import { emptyState, replay, Snapshot } from '../../src/delta/snapshot.js';
import { column, type DataType, type StructField, struct } from '../../src/schema/column-types.js';

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
  if (condition.op === 'is not null' || condition.op === 'in') return true;
  const c = Number.isNaN(value) ? 1 : order(value, condition.value as Value);
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

describe('partition values', () => {
  /** A value in the form of a condition, and the texts that writers have for it. */
  type Spelled = { value: Exclude<Value, null> | boolean; texts: string[] };
  const spelled: Record<string, Spelled[]> = {
    long: [
      { value: -7n, texts: ['-7'] },
      { value: 9007199254740992n, texts: ['9007199254740992'] },
      { value: 9007199254740993n, texts: ['9007199254740993'] },
    ],
    string: ['a', 'é', '\ue000', '😀', '10', '9'].map((text) => ({ value: text, texts: [text] })),
    date: ['2023-12-31', '2024-01-01'].map((text) => ({ value: text, texts: [text] })),
    boolean: [true, false].map((value) => ({ value, texts: [String(value)] })),
    double: [
      { value: -0.5, texts: ['-0.5', '-5.0E-1'] },
      { value: 0.1, texts: ['0.1'] },
      { value: 1e10, texts: ['1.0E10', '10000000000'] },
      { value: Number.POSITIVE_INFINITY, texts: ['Infinity'] },
    ],
    float: [{ value: Math.fround(0.1), texts: ['0.1', '0.10000000149011612'] }],
    'decimal(30,2)': [
      { value: '-0.01', texts: ['-0.01'] },
      { value: '90071992547409920.01', texts: ['90071992547409920.01'] },
      { value: '90071992547409920.02', texts: ['90071992547409920.02'] },
      { value: '42.00', texts: ['42.00', '42', '42.0'] },
    ],
    timestamp: [
      { value: 0n, texts: ['1970-01-01T00:00:00.000000Z', '1970-01-01 00:00:00', '1970-01-01'] },
      {
        value: 1_718_479_845_000_001n,
        texts: [
          '2024-06-15T19:30:45.000001Z',
          '2024-06-15 19:30:45.000001',
          '2024-06-15T21:30:45.000001+02:00',
        ],
      },
      { value: 1_718_479_845_000_100n, texts: ['2024-06-15 19:30:45.0001'] },
    ],
    timestamp_ntz: [{ value: -1n, texts: ['1969-12-31 23:59:59.999999'] }],
  };
  const compare = (a: Spelled['value'], b: Spelled['value'], type: string): number => {
    if (typeof a === 'boolean') return Number(a) - Number(b);
    if (!type.startsWith('decimal')) return order(a, b as Value);
    const digits = (text: unknown) => BigInt(Number(text) === 42 ? 4200 : String(text).replace('.', ''));
    return order(digits(a), digits(b));
  };
  const holds = (a: Spelled['value'] | null, condition: Condition, type: string): boolean => {
    if (condition.op === 'is null') return a === null;
    if (a === null) return false;
    if (condition.op === 'is not null') return true;
    if (condition.op === 'in') return condition.values.some((value) => compare(a, value, type) === 0);
    const c = compare(a, condition.value, type);
    return { '=': c === 0, '<': c < 0, '<=': c <= 0, '>': c > 0, '>=': c >= 0 }[condition.op];
  };

  it('keep exactly the files whose rows match, however they are spelled', () => {
    const example = fc.constantFrom(...Object.keys(spelled)).chain((type) => {
      const value = fc.constantFrom(...spelled[type]!);
      const file = fc.oneof(
        fc.constantFrom(null, '').map((text) => ({ value: null, text })),
        value.chain(({ value: v, texts }) => fc.constantFrom(...texts).map((text) => ({ value: v, text }))),
      );
      return fc.record({
        type: fc.constant(type as DataType),
        files: fc.array(file, { minLength: 1, maxLength: 6 }),
        conditions: fc.array(
          fc.oneof(
            fc.record({
              op: fc.constantFrom('=' as const, '<' as const, '<=' as const, '>' as const, '>=' as const),
              value: value.map((v) => v.value),
            }),
            fc.record({
              op: fc.constant('in' as const),
              values: fc.array(
                value.map((v) => v.value),
                { maxLength: 3 },
              ),
            }),
            fc.record({ op: fc.constantFrom('is null' as const, 'is not null' as const) }),
          ),
          { minLength: 1, maxLength: 2 },
        ),
      });
    });
    fc.assert(
      fc.property(example, ({ type, files, conditions }) => {
        const wanted = conditions.map((c): Condition => ({ ...c, column: 'P' }));
        const adds = files.map(({ text }, i) => ({
          ...{ path: `f${i}`, partitionValues: { p: text }, size: 1, modificationTime: 1, dataChange: true },
        }));
        const target = {
          schema: struct(column('p', type)),
          metadata: { partitionColumns: ['p'], configuration: {} } as unknown as Metadata,
          files: adds,
        };
        const expected = adds.filter((_, i) => wanted.every((c) => holds(files[i]!.value, c, String(type))));
        expect(planScan(target, wanted)).toEqual(expected);
      }),
      { numRuns: 2000 },
    );
  });

  it('that cannot be read, or of types without an order, rule nothing out', () => {
    const target = (type: DataType, text: string) => ({
      schema: struct(column('p', type)),
      metadata: { partitionColumns: ['p'], configuration: {} } as unknown as Metadata,
      files: [{ path: 'f', partitionValues: { p: text }, size: 1, modificationTime: 1, dataChange: true }],
    });
    const kept = (type: DataType, text: string, value: string | bigint | number) =>
      planScan(target(type, text), [{ column: 'p', op: '=', value }]).length;
    expect(kept('date', '+12024-01-01', '2024-01-01')).toBe(1);
    expect(kept('long', 'seven', 1n)).toBe(1);
    expect(kept('double', 'NaN', 1)).toBe(1);
    expect(kept('binary', 'x', 'y')).toBe(1);
    expect(kept('timestamp', 'once', 1n)).toBe(1);
    expect(kept('timestamp', '2024-01-01', '2024-01-02')).toBe(1);
  });
});

describe('columns of other shapes', () => {
  const file = (stats: unknown, partitionValues = {}) => ({
    ...{ path: 'f', partitionValues, size: 1, modificationTime: 1, dataChange: true },
    stats: JSON.stringify(stats),
  });
  const bounds = (name: string, min: unknown, max: unknown) => ({
    ...{ numRecords: 2, minValues: { [name]: min }, maxValues: { [name]: max }, nullCount: { [name]: 0 } },
  });

  it.each(['name', 'id'])('mapped by %s, they are found under their physical names', (mode) => {
    const mapped = (name: string, type: DataType) => ({
      ...column(name, type),
      metadata: { 'delta.columnMapping.physicalName': `col-${name}`, 'delta.columnMapping.id': 1 },
    });
    const target = {
      schema: struct(mapped('n', 'long'), mapped('p', 'string')),
      metadata: {
        partitionColumns: ['p'],
        configuration: { 'delta.columnMapping.mode': mode },
      } as unknown as Metadata,
      files: [file(bounds('col-n', 5, 9), { 'col-p': 'a' })],
    };
    const count = (...conditions: Condition[]) => planScan(target, conditions).length;
    expect(count({ column: 'n', op: '=', value: 4 })).toBe(0);
    expect(count({ column: 'n', op: '=', value: 5 })).toBe(1);
    expect(count({ column: 'p', op: '=', value: 'b' })).toBe(0);
    expect(count({ column: 'p', op: '=', value: 'a' }, { column: 'n', op: '<', value: 6 })).toBe(1);
  });

  it('widened, they have bounds of the narrower type in older files', () => {
    const widened = (name: string, fromType: string, toType: DataType) => ({
      ...column(name, toType),
      metadata: { 'delta.typeChanges': [{ fromType, toType }] },
    });
    const target = (field: StructField, min: unknown, max: unknown) => ({
      schema: struct(field),
      metadata: { partitionColumns: [], configuration: {} } as unknown as Metadata,
      files: [file(bounds(field.name, min, max))],
    });
    const count = (field: StructField, min: unknown, max: unknown, value: string | number | bigint) =>
      planScan(target(field, min, max), [{ column: field.name, op: '=', value }]).length;
    // As doubles, these floats are 0.10000000149011612 and 0.30000001192092896.
    const x = widened('x', 'float', 'double');
    expect(count(x, 0.1, 0.3, 0.30000001192092896)).toBe(1);
    expect(count(x, 0.1, 0.3, 0.3000001)).toBe(0);
    const t = widened('t', 'date', 'timestamp_ntz');
    expect(count(t, '2024-01-01', '2024-01-02', BigInt(Date.UTC(2024, 0, 2)) * 1000n)).toBe(1);
    expect(count(t, '2024-01-01', '2024-01-02', BigInt(Date.UTC(2024, 0, 3)) * 1000n)).toBe(0);
    expect(count(widened('n', 'integer', 'long'), 1, 2, 9007199254740993n)).toBe(0);
  });
});
