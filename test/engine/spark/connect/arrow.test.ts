/** Values both ways: apache-arrow reads what is written here, and writes what is read here. */
import {
  Binary,
  Bool,
  Decimal,
  Dictionary,
  Field,
  Float64,
  Int32,
  Int64,
  List,
  makeTable,
  RecordBatchStreamWriter,
  Table,
  type TimestampMicrosecond,
  TimestampNanosecond,
  tableFromIPC,
  tableToIPC,
  Utf8,
  vectorFromArray,
} from 'apache-arrow';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type SparkField,
  type SparkType,
  writeArrow,
} from '../../../../src/engine/spark/connect/arrow-columns.js';
import { readRows } from '../../../../src/engine/spark/connect/arrow-rows.js';

const column = (name: string, type: SparkType, nullable = true): SparkField => ({ name, type, nullable });
const struct = (...fields: SparkField[]): SparkType => ({ type: 'struct', fields });
const array = (elementType: SparkType): SparkType => ({ type: 'array', elementType, containsNull: true });
const map = (valueType: SparkType): SparkType => ({
  type: 'map',
  keyType: 'string',
  valueType,
  valueContainsNull: true,
});
const ipc = (columns: Record<string, Parameters<typeof Table.prototype.setChild>[1]>) =>
  tableToIPC(new Table(columns as never), 'stream');

describe('reading', () => {
  it('gives plain values of what apache-arrow wrote', () => {
    const data = ipc({
      text: vectorFromArray(['ä', null, ''], new Utf8()),
      int: vectorFromArray([1, null, -1], new Int32()),
      long: vectorFromArray([2n ** 62n, null, -1n], new Int64()),
      double: vectorFromArray([0.5, null, Number.NaN], new Float64()),
      is: vectorFromArray([true, null, false], new Bool()),
      bytes: vectorFromArray([new Uint8Array([1]), null, new Uint8Array()], new Binary()),
      list: vectorFromArray([['a', null], null, []], new List(new Field('element', new Utf8()))),
    });
    expect(readRows(data)).toEqual([
      {
        text: 'ä',
        int: 1,
        long: 2n ** 62n,
        double: 0.5,
        is: true,
        bytes: new Uint8Array([1]),
        list: ['a', null],
      },
      { text: null, int: null, long: null, double: null, is: null, bytes: null, list: null },
      { text: '', int: -1, long: -1n, double: Number.NaN, is: false, bytes: new Uint8Array(), list: [] },
    ]);
  });

  it('keeps every microsecond', () => {
    const micros = [0n, 1n, -1n, 1_577_836_800_123_456n, -(2n ** 62n)];
    const data = writeArrow(
      [column('t', 'timestamp')],
      micros.map((t) => ({ t })),
    );
    expect(tableFromIPC(data).getChildAt(0)!.data[0]!.values).toEqual(BigInt64Array.from(micros));
    expect(readRows(data).map(({ t }) => t)).toEqual(micros);
  });

  it('keeps a mark of byte order that a text begins with', () => {
    const text = vectorFromArray(['\uFEFFa', '\uFEFF'], new Utf8());
    expect(readRows(ipc({ text }))).toEqual([{ text: '\uFEFFa' }, { text: '\uFEFF' }]);
  });

  it('knows empty batches, and streams without one', () => {
    expect(readRows(writeArrow([column('a', 'string')], []))).toEqual([]);
    const { schema } = makeTable({ a: new Int32Array() });
    expect(readRows(RecordBatchStreamWriter.writeAll(new Table(schema)).toUint8Array(true))).toEqual([]);
  });

  it('refuses two columns of one name, and types that no row can hold', () => {
    const twice = writeArrow([column('a', 'long'), column('a', 'long')], []);
    expect(() => readRows(twice)).toThrow(expect.objectContaining({ code: 'spark.columns_repeat' }));
    for (const type of [
      new TimestampNanosecond(),
      new Dictionary(new Utf8(), new Int32()),
      new Decimal(2, 40, 256),
    ]) {
      const data = ipc({ odd: vectorFromArray([], type) });
      expect(() => readRows(data)).toThrow(
        expect.objectContaining({ code: 'spark.type_unsupported', fix: expect.stringContaining('CAST(odd') }),
      );
    }
  });
});

describe('writing', () => {
  it('lays out what apache-arrow reads', () => {
    const data = writeArrow(
      [
        column('id', 'long', false),
        column('text', 'string'),
        column('at', 'timestamp'),
        column('local', 'timestamp_ntz'),
      ],
      [{ id: 1, text: 'ä', at: 5n, local: 6n }, { id: 2n }],
    );
    const table = tableFromIPC(data);
    expect(table.schema.fields.map((f) => [f.name, String(f.type), f.nullable])).toEqual([
      ['id', 'Int64', false],
      ['text', 'Utf8', true],
      ['at', 'Timestamp<MICROSECOND, UTC>', true],
      ['local', 'Timestamp<MICROSECOND>', true],
    ]);
    expect(table.getChild('text')!.toJSON()).toEqual(['ä', null]);
    expect(table.getChild('id')!.toJSON()).toEqual([1n, 2n]);
    expect((table.schema.fields[2]!.type as TimestampMicrosecond).timezone).toBe('UTC');
  });

  it('and reading give back any value of any type', () => {
    const nullable = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: null });
    const long = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
    const text = fc.string({ unit: 'binary' });
    const date = fc
      .date({ min: new Date('0001-01-01'), max: new Date('9999-12-31'), noInvalidDate: true })
      .map((d) => d.toISOString().slice(0, 10));
    const money = fc.bigInt({ min: -(10n ** 20n) + 1n, max: 10n ** 20n - 1n }).map((n) => {
      const digits = (n < 0n ? -n : n).toString().padStart(4, '0');
      return `${n < 0n ? '-' : ''}${digits.slice(0, -3)}.${digits.slice(-3)}`;
    });
    const leaf = fc.record({ n: nullable(fc.integer({ min: -32768, max: 32767 })), day: nullable(date) });
    const row = fc.record({
      long: nullable(long),
      text: nullable(text),
      double: nullable(fc.double()),
      float: nullable(fc.float()),
      byte: nullable(fc.integer({ min: -128, max: 127 })),
      int: nullable(fc.integer()),
      is: nullable(fc.boolean()),
      bytes: nullable(fc.uint8Array()),
      day: nullable(date),
      at: nullable(long),
      money: nullable(money),
      lists: nullable(fc.array(nullable(fc.array(nullable(leaf))))),
      map: nullable(fc.array(fc.tuple(text, nullable(money))).map((entries) => new Map(entries))),
      nothing: fc.constant(null),
    });
    const inner = struct(column('n', 'short'), column('day', 'date'));
    const columns = [
      column('long', 'long'),
      column('text', 'string'),
      column('double', 'double'),
      column('float', 'float'),
      column('byte', 'byte'),
      column('int', 'integer'),
      column('is', 'boolean'),
      column('bytes', 'binary'),
      column('day', 'date'),
      column('at', 'timestamp_ntz'),
      column('money', 'decimal(20,3)'),
      column('lists', array(array(inner))),
      column('map', map('decimal(20,3)')),
      column('nothing', 'void'),
    ];
    fc.assert(
      fc.property(fc.array(row, { maxLength: 70 }), (rows) => {
        expect(readRows(writeArrow(columns, rows))).toEqual(rows);
      }),
      { numRuns: 30 },
    );
  });

  it.each<[string, SparkType, unknown]>([
    ['c', 'long', 1.5],
    ['c', 'long', 2n ** 63n],
    ['c', 'integer', 2 ** 31],
    ['c', 'byte', 128],
    ['c', 'string', 1],
    ['c', 'string', 'half \ud83d'],
    ['c', 'boolean', 'true'],
    ['c', 'double', '1'],
    ['c', 'date', '2023-02-29'],
    ['c', 'date', new Date(0)],
    ['c', 'timestamp', 1],
    ['c', 'decimal(4,2)', '123.4'],
    ['c', 'decimal(4,2)', '1.234'],
    ['c', 'binary', [1]],
    ['c', 'void', 1],
    ['c', array('long'), 'text'],
    ['c[]', array('long'), ['text']],
    ['c', map('long'), {}],
    ['c{}', map('long'), new Map([['a', 'b']])],
    ['c', struct(column('x', 'long')), 1],
    ['c.x', struct(column('x', 'long', false)), { y: 1 }],
  ])('names column %s when %j does not fit', (path, type, value) => {
    expect(() => writeArrow([column('c', type)], [{ c: value }])).toThrow(
      expect.objectContaining({ code: 'spark.value_invalid', fault: 'user', context: { column: path } }),
    );
  });

  it('refuses null where the column takes none', () => {
    expect(() => writeArrow([column('c', 'long', false)], [{}])).toThrow(
      expect.objectContaining({ code: 'spark.value_invalid' }),
    );
  });
});
