/** The same statements on a plain DuckDB table: what a Delta table must come to. */
import fc from 'fast-check';
import { quoteString } from '../../src/duck/sql-text.js';
import {
  arrayOf,
  column,
  type DeltaTable,
  type DuckSession,
  type Row,
  struct,
} from '../../src/table/index.js';
import { sorted } from './tables.js';

export const schema = struct(
  ...[column('id', 'long'), column('k', 'string'), column('x', 'double'), column('day', 'date')],
  ...[column('moment', 'timestamp'), column('tags', arrayOf('integer'))],
);
const columns = ['id', 'k', 'x', 'day', 'moment', 'tags'];

export class PlainTable {
  private constructor(readonly session: DuckSession) {}

  static async create(session: DuckSession): Promise<PlainTable> {
    await session.run(
      'CREATE OR REPLACE TEMP TABLE plain (id BIGINT, k VARCHAR, x DOUBLE, day DATE, moment TIMESTAMPTZ, tags INTEGER[])',
    );
    return new PlainTable(session);
  }

  async rows(where = 'true'): Promise<Row[]> {
    return sorted(await this.session.rows(`SELECT * FROM plain WHERE ${where}`));
  }

  async apply(step: Step): Promise<void> {
    switch (step.op) {
      case 'append':
        return this.session.run(`INSERT INTO plain ${valuesOf(step.rows)}`);
      case 'delete':
        return this.session.run(`DELETE FROM plain WHERE ${step.where}`);
      case 'update':
        return this.session.run(`UPDATE plain SET ${assigned(step.set)} WHERE ${step.where}`);
      case 'replace':
        await this.session.run(`DELETE FROM plain WHERE ${step.where}`);
        return this.session.run(
          `INSERT INTO plain SELECT * FROM (${valuesOf(step.rows)}) WHERE ${step.where}`,
        );
      case 'merge':
        return this.session.run(
          `MERGE INTO plain AS target USING (${valuesOf(step.rows)}) AS source ON target.id = source.id
           WHEN MATCHED AND source.x > 0 THEN DELETE
           WHEN MATCHED AND target.k = 'a' THEN UPDATE SET x = source.x, k = source.k
           WHEN NOT MATCHED AND source.id > 2 THEN INSERT (${columns.join()}) VALUES (${columns.map((c) => `source.${c}`).join()})
           ${step.bySource ? "WHEN NOT MATCHED BY SOURCE AND target.k = 'b' THEN UPDATE SET x = coalesce(target.x, 0) + 1" : ''}`,
        );
    }
  }
}

/** The same step on a Delta table. @returns the version that the table has after it */
export async function applyTo(table: DeltaTable, step: Step): Promise<number> {
  switch (step.op) {
    case 'append':
      return (await table.append({ sql: valuesOf(step.rows) })).version;
    case 'delete':
      return (await table.delete({ where: step.where })).version;
    case 'update':
      return (await table.update({ set: step.set, where: step.where })).version;
    case 'replace': {
      const sql = `SELECT * FROM (${valuesOf(step.rows)}) WHERE ${step.where}`;
      return (await table.overwrite({ sql }, { where: step.where })).version;
    }
    case 'merge': {
      const merged = await table.merge({
        source: { sql: valuesOf(step.rows) },
        on: 'target.id = source.id',
        whenMatched: [
          { where: 'source.x > 0', delete: true },
          { where: "target.k = 'a'", update: { x: 'source.x', k: 'source.k' } },
        ],
        whenNotMatched: [{ where: 'source.id > 2', insert: 'all' }],
        whenNotMatchedBySource: step.bySource
          ? [{ where: "target.k = 'b'", update: { x: 'coalesce(target.x, 0) + 1' } }]
          : [],
      });
      return merged.version;
    }
  }
}

interface PlainRow {
  id: number | null;
  k: string | null;
  x: number | null;
  day: string | null;
  moment: string | null;
  tags: number[] | null;
}

export type Step =
  | { op: 'append'; rows: PlainRow[] }
  | { op: 'delete'; where: string }
  | { op: 'update'; set: Record<string, string>; where: string }
  | { op: 'replace'; rows: PlainRow[]; where: string }
  | { op: 'merge'; rows: PlainRow[]; bySource: boolean };

function valuesOf(rows: readonly PlainRow[]): string {
  const text = (value: string | null) => (value === null ? 'NULL' : quoteString(value));
  const items = rows.map(
    ({ id, k, x, day, moment, tags }) =>
      `(${id}::BIGINT, ${text(k)}::VARCHAR, ${x}::DOUBLE, ${text(day)}::DATE, ${text(moment)}::TIMESTAMPTZ, ${tags ? `[${tags}]` : 'NULL'}::INTEGER[])`,
  );
  const none = '(NULL::BIGINT, NULL::VARCHAR, NULL::DOUBLE, NULL::DATE, NULL::TIMESTAMPTZ, NULL::INTEGER[])';
  const where = rows.length === 0 ? ' WHERE false' : '';
  return `SELECT * FROM (VALUES ${rows.length === 0 ? none : items.join(', ')}) AS v(${columns.join()})${where}`;
}

function assigned(set: Readonly<Record<string, string>>): string {
  return Object.entries(set)
    .map(([name, sql]) => `${name} = ${sql}`)
    .join(', ');
}

const days = fc.integer({ min: 0, max: 9 }).map((n) => `2024-01-0${n || 1}`);
const times = fc.integer({ min: 0, max: 9 }).map((n) => `2024-01-01 00:00:00.00${n}${n}5+00`);
const texts = fc.constantFrom('a', 'b', 'ab', 'é/%', '😀', "o'k");
const doubles = fc.constantFrom(-1.5, 0, 0.1, 2, 1e300);
const orNull = <T>(values: fc.Arbitrary<T>) => fc.option(values, { freq: 6, nil: null });

const row: fc.Arbitrary<PlainRow> = fc.record({
  id: orNull(fc.integer({ min: 0, max: 9 })),
  k: orNull(texts),
  x: orNull(doubles),
  day: orNull(days),
  moment: orNull(times),
  tags: orNull(fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 2 })),
});
const rows = fc.array(row, { maxLength: 6 });
/** A merge's source: no id twice. */
const keyedRows = fc.uniqueArray(row, { maxLength: 6, selector: ({ id }) => id });

const literals: Record<string, fc.Arbitrary<string>> = {
  id: fc.oneof(
    fc.integer({ min: -1, max: 10 }).map(String),
    fc.constantFrom('4.5', '9007199254740993', "'3'", '1e1'),
  ),
  k: texts.map(quoteString),
  x: doubles.map(String),
  day: days.map((day) => `DATE '${day}'`),
  moment: fc.oneof(
    times.map((at) => `TIMESTAMPTZ '${at}'`),
    fc.constantFrom(
      "DATE '2024-01-02'",
      "'2024-01-01 00:00:00.004'",
      "TIMESTAMP '2024-01-01 00:00:00.003335'",
    ),
  ),
};
const simple = fc.constantFrom(...Object.keys(literals)).chain((name) => {
  const literal = literals[name]!;
  const op = fc.constantFrom('=', '<', '<=', '>', '>=', '<>', 'IS NOT DISTINCT FROM');
  return fc.oneof(
    fc.tuple(op, literal).map(([o, v]) => `${name} ${o} ${v}`),
    fc.tuple(op, literal).map(([o, v]) => `${v} ${o} ${name}`),
    fc.tuple(literal, literal).map(([a, b]) => `${name} BETWEEN ${a} AND ${b}`),
    fc.array(literal, { minLength: 1, maxLength: 3 }).map((list) => `${name} IN (${list.join(', ')})`),
    fc.constantFrom(`${name} IS NULL`, `${name} IS NOT NULL`, `NOT (${name} IS NULL)`),
  );
});
export const condition: fc.Arbitrary<string> = fc.letrec<{ tree: string }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 3 },
    simple,
    fc.tuple(tie('tree'), tie('tree')).map(([a, b]) => `(${a}) AND (${b})`),
    fc.tuple(tie('tree'), tie('tree')).map(([a, b]) => `(${a}) OR (${b})`),
    tie('tree').map((a) => `NOT (${a})`),
  ),
})).tree;

export const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ op: fc.constant('append' as const), rows }) },
  fc.record({ op: fc.constant('delete' as const), where: condition }),
  fc.record({
    op: fc.constant('update' as const),
    set: fc.constantFrom<Record<string, string>>(
      { x: 'id * 2', k: "k || 'b'" },
      { k: 'NULL' },
      { day: 'day + 1', id: '9 - id' },
    ),
    where: condition,
  }),
  fc.record({ op: fc.constant('replace' as const), rows, where: condition }),
  fc.record({ op: fc.constant('merge' as const), rows: keyedRows, bySource: fc.boolean() }),
);
