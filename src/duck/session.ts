/**
 * One connection to a DuckDB instance. Statements on one session run one after the other: the caller waits for each
 * before it gives the next. Values come out JSON-safe (`json-value.ts`).
 */
import type { DuckDBConnection, DuckDBDataChunk, DuckDBResult, DuckDBType } from '@duckdb/node-api';
import { MurmurError } from '../base/errors.js';
import { column, type StructType, struct } from '../schema/column-types.js';
import type { ScalarFunction } from '../schema/scalar-function.js';
import { appendRows } from './append.js';
import { bindParameters } from './bind-parameter.js';
import { duckError } from './duck-errors.js';
import { type Json, jsonValueOf, type Row } from './json-value.js';
import type { DuckApi } from './native.js';
import { scalarFunction } from './scalar-functions.js';
import type { Staging } from './staging.js';
import { deltaType } from './types.js';

export interface ResultColumn {
  name: string;
  /** DuckDB's type name. */
  type: string;
}

export interface QueryOptions {
  /** Refuses everything but a single SELECT-like statement (duck.not_a_query). */
  readOnly?: boolean;
}

export class DuckSession {
  private readonly toJson: ReturnType<typeof jsonValueOf>;
  private readonly running = new Set<Promise<unknown>>();
  /** What a scalar function threw during the running statement, kept because DuckDB hands on its message only. */
  private functionFailure: MurmurError | undefined;
  private closing: Promise<void> | undefined;

  /** Sessions come from `DuckDatabase.connect`. */
  constructor(
    private readonly api: DuckApi,
    private readonly connection: DuckDBConnection,
    private readonly onClose: () => void,
    /** Files of other stores than the local disk, as this session reads and writes them. */
    readonly staging: Staging,
  ) {
    this.toJson = jsonValueOf(api);
  }

  /** Runs one or more statements for their effect. Parameters are `?` or `$1`. */
  async run(sql: string, params: readonly unknown[] = []): Promise<void> {
    await this.execute(sql, params);
  }

  /** All rows of the last statement. Columns of the same name get `:1`, `:2` behind their name. */
  async rows<T = Row>(sql: string, params: readonly unknown[] = []): Promise<T[]> {
    return (await this.query<T>(sql, params)).rows;
  }

  /** All rows, with the columns' names and types (also when there are no rows). */
  async query<T = Row>(
    sql: string,
    params: readonly unknown[] = [],
    options: QueryOptions = {},
  ): Promise<{ columns: ResultColumn[]; rows: T[] }> {
    if (options.readOnly) await this.assertReadOnly(sql);
    const result = await this.execute(sql, params);
    const columns = resultColumns(result);
    const chunks = await this.track(() => result.fetchAllChunks());
    return { columns, rows: chunks.flatMap((chunk) => this.rowsOf(columns, chunk)) as T[] };
  }

  /** Rows in chunks of at most 2,048, computed as they are asked for; at most a few chunks are in memory. */
  async *stream(
    sql: string,
    params: readonly unknown[] = [],
    options: QueryOptions = {},
  ): AsyncIterable<Row[]> {
    const { rows } = await this.open(sql, params, options);
    yield* rows;
  }

  /** As `stream`, with the columns known before the first row. */
  async open(
    sql: string,
    params: readonly unknown[] = [],
    options: QueryOptions = {},
  ): Promise<{ columns: ResultColumn[]; rows: AsyncIterable<Row[]> }> {
    if (options.readOnly) await this.assertReadOnly(sql);
    const { values, types } = bindParameters(this.api, params);
    const result = await this.track(() =>
      values.length > 0 ? this.connection.stream(sql, values, types) : this.connection.stream(sql),
    );
    const columns = resultColumns(result);
    return { columns, rows: this.chunks(columns, result) };
  }

  /** The first column of the first row; null when there is no row. */
  async scalar<T = Json>(sql: string, params: readonly unknown[] = []): Promise<T> {
    const [row] = await this.rows(sql, params);
    return (row === undefined ? null : (Object.values(row)[0] ?? null)) as T;
  }

  /** The columns a query would give, without running it. @throws duck.type_unsupported */
  async schemaOf(select: string): Promise<StructType> {
    const columns = await this.columnTypesOf(select);
    return struct(...columns.map(({ name, type }) => column(name, deltaType(type))));
  }

  /** The same with DuckDB's own types. */
  async columnTypesOf(select: string): Promise<{ name: string; type: DuckDBType }[]> {
    const statement = await this.track(() => this.connection.prepare(select));
    try {
      return Array.from({ length: statement.columnCount }, (_, i) => ({
        name: statement.columnName(i),
        type: statement.columnType(i),
      }));
    } finally {
      statement.destroySync();
    }
  }

  /**
   * Appends rows (values in the order of the schema's fields, in the forms of `js-value.ts`) to a table of this name; when
   * there is none, a temporary one is made. Returns the number of rows. After an error the table may hold a part of them.
   * @throws duck.value_mismatch
   */
  async append(table: string, schema: StructType, rows: Iterable<readonly unknown[]>): Promise<number> {
    return this.track(() => appendRows(this.api, this.connection, table, schema, rows));
  }

  /**
   * Makes a TypeScript function callable from SQL under its name, on every session of the same database; a later one
   * of the same name and parameters takes its place. It runs on the JavaScript thread, row by row, about 1 µs a row.
   * What it throws fails the statement (duck.function_failed), not the process.
   */
  register(fn: ScalarFunction): void {
    this.connection.registerScalarFunction(
      scalarFunction(this.api, fn, (failure) => {
        this.functionFailure = failure;
      }),
    );
  }

  /** Stops the running statement, which then fails with duck.interrupted; one that has not begun yet goes on. */
  interrupt(): void {
    this.connection.interrupt();
  }

  /** Interrupts what still runs, waits until it has stopped, and frees the connection. Closing twice is fine. */
  close(): Promise<void> {
    this.closing ??= this.disconnect();
    return this.closing;
  }

  private async disconnect(): Promise<void> {
    // Disconnecting is a blocking call: were a statement waiting for a TypeScript function, both would wait forever.
    // An interrupt that comes before a statement has begun is lost, hence again and again.
    const interrupting = setInterval(() => this.connection.interrupt(), 5);
    if (this.running.size > 0) this.connection.interrupt();
    await Promise.allSettled(this.running);
    clearInterval(interrupting);
    this.connection.disconnectSync();
    await this.staging.release();
    this.onClose();
  }

  private execute(sql: string, params: readonly unknown[]): Promise<DuckDBResult> {
    return this.track(() => {
      if (params.length === 0) return this.connection.run(sql);
      const { values, types } = bindParameters(this.api, params);
      return this.connection.run(sql, values, types);
    });
  }

  private async track<T>(work: () => Promise<T>): Promise<T> {
    if (this.closing)
      throw new MurmurError('duck.closed', 'using a DuckDB session after its close', { fault: 'internal' });
    this.functionFailure = undefined;
    const running = work();
    this.running.add(running);
    try {
      return await running;
    } catch (e) {
      throw this.functionFailure ?? duckError(e);
    } finally {
      this.running.delete(running);
    }
  }

  private async *chunks(columns: ResultColumn[], result: DuckDBResult): AsyncIterable<Row[]> {
    while (true) {
      const chunk = await this.track(() => result.fetchChunk());
      if (!chunk || chunk.rowCount === 0) return;
      yield this.rowsOf(columns, chunk);
    }
  }

  private rowsOf(columns: ResultColumn[], chunk: DuckDBDataChunk): Row[] {
    const rows: Row[] = Array.from({ length: chunk.rowCount }, () => ({}));
    columns.forEach(({ name }, c) => {
      const vector = chunk.getColumnVector(c);
      for (let r = 0; r < rows.length; r++) rows[r]![name] = this.toJson(vector.getItem(r));
    });
    return rows;
  }

  private async assertReadOnly(sql: string): Promise<void> {
    const statements = await this.track(() => this.connection.extractStatements(sql));
    if (statements.count === 1) {
      const statement = await this.track(() => statements.prepare(0));
      const type = statement.statementType;
      statement.destroySync();
      if (type === this.api.StatementType.SELECT || type === this.api.StatementType.EXPLAIN) return;
    }
    throw new MurmurError('duck.not_a_query', 'SQL that is not a single query', {
      fault: 'user',
      fix: 'give one SELECT, WITH, DESCRIBE, SHOW or EXPLAIN statement',
    });
  }
}

function resultColumns(result: DuckDBResult): ResultColumn[] {
  const types = result.columnTypes();
  return result.deduplicatedColumnNames().map((name, i) => ({ name, type: types[i]!.toString() }));
}
