/**
 * A table of the lake as input: first its snapshot, then what each commit added, in the order of its log. A batch ends
 * between two posts, never within one: rows of a post stand side by side in one file.
 */
import { MurmurError } from '../../base/errors.js';
import { type DeltaLog, TableTail, type TailFile, type TailOffset } from '../../delta/index.js';
import type { DuckDatabase, DuckSession } from '../../duck/index.js';
import { dataFileUri } from '../../duck/parquet-location.js';
import { scanSql } from '../../duck/scan.js';
import { quoteIdent, quoteString } from '../../duck/sql-text.js';
import type { StructType } from '../../schema/column-types.js';
import type { BatchLimits } from '../../sources/source.js';
import type { Storage } from '../../storage/storage.js';
import { ordColumn, partColumn } from './compile.js';
import type { BatchInput, PlannedLog, PlannedRead } from './input.js';
import { inputRelation, type Relation, type Workspace } from './workspace.js';

/** `offsets/N` of a query on a table: rows from one offset (inclusive) to another (exclusive). */
export interface TableRead extends PlannedRead {
  kind: 'table';
  table: string;
  from: TailOffset;
  to: TailOffset;
}

export interface TableInputOptions {
  /** The table's name, for people. */
  name: string;
  /** The table; undefined while its writer has not created it. */
  open: () => Promise<DeltaLog | undefined>;
  /** Whether looking at the table means asking another machine. */
  isFar: boolean;
  duck: DuckDatabase;
  contract: StructType;
  /** Whether rows side by side may be one post. If not, every row is one. */
  fansOut: boolean;
}

/** Rows looked at for a batch, as a multiple of the posts it may have, where posts have several rows. */
const rowsPerPost = 4;

/** A piece of a file that a batch reads. */
interface Piece {
  file: TailFile;
  /** Exclusive; undefined reads to its end. */
  toRow: number | undefined;
}

export class TableInput implements BatchInput<TableRead> {
  readonly columns: readonly string[];
  readonly origins: readonly string[];
  readonly neededFrom = Number.POSITIVE_INFINITY;
  #tail: TableTail | undefined;
  /** Behind everything planned. */
  #position: TailOffset | undefined;
  /** The version at which nothing was new. */
  #emptyAt = -1;
  #backlog = 0;

  constructor(readonly options: TableInputOptions) {
    this.columns = options.contract.fields.map((f) => f.name);
    this.origins = this.columns.filter((name) => name === 'source_file');
  }

  /** A commit of the same run is hinted at; others are rare, and looking costs requests where tables are far. */
  get idleLookMs(): number {
    return this.options.isFar ? 10_000 : 1_000;
  }

  get waitSentence(): string {
    return `waits for new rows in ${this.options.name}`;
  }

  async restore(log: PlannedLog): Promise<void> {
    if (log.lastBatchId === undefined) return;
    for await (const { input } of log.from(log.lastBatchId)) this.#position = asTable(input).to;
  }

  async plan(limits: BatchLimits): Promise<TableRead | undefined> {
    const tail = await this.#openTail();
    if (!tail) return undefined;
    const { version } = await tail.table.update();
    if (version === this.#emptyAt) return undefined;
    const from = this.#position ?? (await tail.initial());
    const files = await tail.filesAfter(from, { files: limits.files, bytes: limits.bytes });
    if (files.length === 0) {
      this.#emptyAt = version;
      this.#backlog = 0;
      return undefined;
    }
    const to = await this.#endOfBatch(tail, from.tableId, files, limits.posts);
    this.#backlog = Math.max(0, version - to.version);
    return { kind: 'table', table: this.options.name, from, to };
  }

  async planned(_batchId: number, { to }: TableRead): Promise<void> {
    this.#position = to;
  }

  async load(space: Workspace, input: TableRead): Promise<{ relation: Relation; posts: number }> {
    const { from, to } = asTable(input);
    const tail = await this.#openTail();
    if (!tail)
      throw new MurmurError('engine.input_missing', `table ${this.options.name} is gone`, { fault: 'user' });
    const pieces = (await tail.filesAfter(from, {}, to.version)).flatMap((file) => pieceBefore(file, to));
    const rowIsPost = !this.options.fansOut;
    const select = await this.#rowsOf(space.session, tail, pieces, this.columns);
    const relation = await space.materialise(inputRelation, select, this.columns, rowIsPost);
    const posts = rowIsPost
      ? relation.rows
      : await space.session.scalar<number>(`SELECT coalesce(max(${ordColumn}) + 1, 0) FROM ${inputRelation}`);
    return { relation, posts };
  }

  endOf({ to }: TableRead): unknown {
    return to;
  }

  backlog() {
    return { files: this.#backlog, changedFiles: [] };
  }

  watch(): () => void {
    // The engine itself rings when the table's writer commits.
    return () => undefined;
  }

  async close(): Promise<void> {}

  async #openTail(): Promise<TableTail | undefined> {
    if (this.#tail) return this.#tail;
    const table = await this.options.open();
    this.#tail = table && new TableTail(table);
    return this.#tail;
  }

  /** Where a batch of at most `posts` posts over these files ends; it looks at no more than `rowLimit` rows at first. */
  async #endOfBatch(
    tail: TableTail,
    tableId: string,
    files: readonly TailFile[],
    posts: number,
    rowLimit = this.options.fansOut ? posts * rowsPerPost : posts,
  ): Promise<TailOffset> {
    const pieces: Piece[] = [];
    let rows = 0;
    for (const file of files) {
      const room = rowLimit - rows;
      if (room <= 0) break;
      const inFile = file.numRecords === undefined ? room : file.numRecords - file.fromRow;
      const toRow = inFile > room ? file.fromRow + room : undefined;
      // Where each row is a post the cut is known without a look into the file.
      if (toRow !== undefined && !this.options.fansOut) return { ...at(tableId, file), row: toRow };
      pieces.push({ file, toRow });
      rows += Math.min(inFile, room);
    }
    const last = pieces.at(-1)!;
    if (last.toRow === undefined) {
      const end = behind(tableId, last.file);
      return rows > posts ? ((await this.#startOfPost(tail, tableId, pieces, posts)) ?? end) : end;
    }
    // The last post in sight may go on behind the last row in sight, so it is for the next batch.
    return (
      (await this.#startOfPost(tail, tableId, pieces, posts, 'or the last')) ??
      this.#endOfBatch(tail, tableId, files, posts, rowLimit * rowsPerPost)
    );
  }

  /** The offset of the first row of a post (numbered from 0) in the pieces; undefined when it is not there, or is the first. */
  async #startOfPost(
    tail: TableTail,
    tableId: string,
    pieces: readonly Piece[],
    post: number,
    orTheLast?: 'or the last',
  ): Promise<TailOffset | undefined> {
    const session = await this.options.duck.connect();
    try {
      const wanted = orTheLast ? `least(${post}, (SELECT max(${ordColumn}) FROM seen))` : post;
      const [first] = await session.rows<{ piece: number; row: number }>(
        `WITH seen AS MATERIALIZED (${await this.#rowsOf(session, tail, pieces, [])})
         SELECT __piece AS piece, file_row_number AS "row" FROM seen
         WHERE ${ordColumn} = ${wanted} AND ${ordColumn} > 0 ORDER BY ${partColumn} LIMIT 1`,
      );
      return first && { ...at(tableId, pieces[first.piece]!.file), row: first.row };
    } finally {
      await session.close();
    }
  }

  /** The rows of pieces with the hidden columns; for `#startOfPost` with `__piece` and `file_row_number` in the place of others. */
  async #rowsOf(
    session: DuckSession,
    { table }: TableTail,
    pieces: readonly Piece[],
    columns: readonly string[],
  ): Promise<string> {
    const { storage, snapshot } = table;
    const scan = await scanSql(session, snapshot, storage, {
      files: pieces.map(({ file }) => file.add),
      columns: columns.length > 0 ? columns : ['post_id', 'source'],
      rowNumbers: true,
    });
    const visible = columns.length > 0 ? columns.map(quoteIdent).join(', ') : '__piece, file_row_number';
    return `SELECT ${this.#ordSql(pieces)} AS ${ordColumn}, (__piece::BIGINT << 32) + file_row_number AS ${partColumn}, ${visible}
      FROM (${this.#inRange(session, storage, scan, pieces)})`;
  }

  /** Numbers posts from 0 in the order of the rows. */
  #ordSql(pieces: readonly Piece[]): string {
    const inOrder = 'ORDER BY __piece, file_row_number';
    if (this.options.fansOut) return `(sum(__new::INTEGER) OVER (${inOrder}))::BIGINT - 1`;
    const [only] = pieces;
    return pieces.length === 1 && only?.file.add.deletionVector === undefined
      ? `file_row_number - ${only!.file.fromRow}`
      : `row_number() OVER (${inOrder}) - 1`;
  }

  #inRange(session: DuckSession, storage: Storage, scan: string, pieces: readonly Piece[]): string {
    const [only] = pieces;
    const rows =
      pieces.length === 1 && only
        ? `SELECT *, 0 AS __piece FROM (${scan}) WHERE file_row_number >= ${only.file.fromRow}
           ${only.toRow === undefined ? '' : `AND file_row_number < ${only.toRow}`}`
        : `SELECT s.*, __piece FROM (${scan}) s JOIN (VALUES ${pieces
            .map(({ file, toRow }, i) => {
              const uri = quoteString(dataFileUri(session, storage, file.add));
              return `(${uri}, ${i}, ${file.fromRow}, ${toRow ?? 'NULL::BIGINT'})`;
            })
            .join(', ')}) AS pieces(filename, __piece, __from, __to) USING (filename)
           WHERE file_row_number >= __from AND (__to IS NULL OR file_row_number < __to)`;
    if (!this.options.fansOut) return rows;
    return `SELECT *, coalesce((post_id, source, __piece) IS DISTINCT FROM
        lag((post_id, source, __piece)) OVER (ORDER BY __piece, file_row_number), true) AS __new FROM (${rows})`;
  }
}

/** The part of a file that lies before an offset. */
function pieceBefore(file: TailFile, to: TailOffset): Piece[] {
  const order = file.version - to.version || file.file - to.file;
  if (order > 0 || (order === 0 && to.row <= file.fromRow)) return [];
  return [{ file, toRow: order === 0 ? to.row : undefined }];
}

function at(tableId: string, { version, file, snapshot }: TailFile): TailOffset {
  return { tableId, version, file, row: 0, snapshot };
}

function behind(tableId: string, file: TailFile): TailOffset {
  return { ...at(tableId, file), file: file.file + 1 };
}

function asTable(input: PlannedRead): TableRead {
  if (input.kind === 'table') return input as TableRead;
  throw new MurmurError(
    'engine.checkpoint_mismatch',
    `checkpoint of a query on ${input.kind}, expected a table`,
    { fault: 'user', fix: 'put the right checkpoint back, or make the table anew with `murmur rebuild`' },
  );
}
