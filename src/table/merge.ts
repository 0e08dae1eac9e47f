/**
 * Rows of a source merged into a table. First a list of changes is made: which row of the table matches which row of the
 * source, and which clause applies. From it follow the files that are written anew, and every condition is asked but once.
 */

import { randomUUID } from 'node:crypto';
import { MurmurError } from '../base/errors.js';
import type { AddFile } from '../delta/actions.js';
import { type Condition, planScan } from '../delta/scan.js';
import { bytesOf } from '../delta/snapshot.js';
import { conditionsOf, equalColumns } from '../duck/conditions.js';
import { rangeConditions } from '../duck/merge-candidates.js';
import { dataFileUri } from '../duck/parquet-location.js';
import { scanSql } from '../duck/scan.js';
import { quoteIdent } from '../duck/sql-text.js';
import { duckType } from '../duck/types.js';
import { type Attempt, rowsIn } from './attempt.js';
import { commitChange } from './commit-change.js';
import { type RowsInput, type StagedInput, stageInput } from './input.js';
import {
  type CheckedClauses,
  checkClauses,
  clauseNumber,
  type MergeClauses,
  predicatesOf,
  usesAll,
  valueByClause,
} from './merge-clauses.js';
import type { TableContext } from './table-context.js';

export interface MergeOptions extends MergeClauses {
  source: RowsInput;
  /** When a row of the table (`target`) and one of the source (`source`) match: `target.id = source.id`. */
  on: string;
  /** With `'all'`: adds columns that the source has and the table has not. */
  mergeSchema?: boolean;
  userMetadata?: string;
}

export interface MergeResult {
  /** The version that the table has now; unchanged when there was nothing to do. */
  version: number;
  inserted: number;
  updated: number;
  deleted: number;
}

export async function merge(context: TableContext, options: MergeOptions): Promise<MergeResult> {
  const { source, mergeSchema = false } = options;
  return context.withSession(async (session) => {
    const { schema } = await context.log.update();
    const staged = await stageInput(session, source, schema, 'own columns');
    let counts = { inserted: 0, updated: 0, deleted: 0 };
    const version = await commitChange(context, session, async (attempt) => {
      if (usesAll(options)) attempt.admit(staged.columns, mergeSchema);
      const plan = await MergeAttempt.prepare(attempt, staged, options);
      try {
        const done = await plan.run();
        counts = done.counts;
        return attempt.written.length + done.removed.length === 0
          ? undefined
          : describe(attempt, options, done);
      } finally {
        await plan.end();
      }
    });
    return { version, ...counts };
  });
}

interface Merged {
  counts: { inserted: number; updated: number; deleted: number };
  copied: number;
  sourceRows: number;
  removed: AddFile[];
}

/** Names that no column has: Delta forbids spaces. */
const itsFile = '"its file"';
const itsRow = '"its row"';
const itsClause = '"its clause"';

class MergeAttempt {
  /** (file, row) of the table, row of the source or null, and the clause that applies or null. */
  readonly #changes = quoteIdent(`changes_${randomUUID()}`);
  readonly #source: string;

  private constructor(
    readonly attempt: Attempt,
    readonly staged: StagedInput,
    readonly options: MergeOptions,
    readonly clauses: CheckedClauses,
    readonly conditions: readonly Condition[],
    readonly candidates: readonly AddFile[],
  ) {
    this.#source = sourceOf(staged);
  }

  static async prepare(attempt: Attempt, staged: StagedInput, options: MergeOptions): Promise<MergeAttempt> {
    const target = await targetOf(attempt, attempt.snapshot.files.slice(0, 1));
    const clauses = await checkClauses(attempt, options, staged, { target, source: sourceOf(staged) });
    // Rows that match nothing may be anywhere.
    const conditions = clauses.bySource.length > 0 ? [] : await targetConditions(attempt, staged, options.on);
    const candidates = planScan(attempt.snapshot, conditions);
    return new MergeAttempt(attempt, staged, options, clauses, conditions, candidates);
  }

  async run(): Promise<Merged> {
    const { attempt, candidates, conditions } = this;
    attempt.transaction.reads(candidates, conditions);
    await this.#listChanges();
    const removed = await this.#touchedFiles();
    for (const file of removed) attempt.transaction.remove(file);
    const rows = await this.#countRows(removed);
    await attempt.write(`${await this.#changedRows(removed)} UNION ALL BY NAME ${this.#newRows()}`);
    const { updated, deleted, total, sourceRows } = rows;
    const inserted = rowsIn(attempt.written) - (total - deleted);
    return { counts: { inserted, updated, deleted }, copied: total - deleted - updated, sourceRows, removed };
  }

  async end(): Promise<void> {
    await this.attempt.session.run(`DROP TABLE IF EXISTS ${this.#changes}`);
  }

  async #listChanges(): Promise<void> {
    const { attempt, clauses, options } = this;
    const { session } = attempt;
    const target = await targetOf(attempt, this.candidates);
    await session.run(
      `CREATE TEMP TABLE ${this.#changes} AS
       SELECT target.${itsFile} AS file, target.${itsRow} AS row, source.${itsRow} AS source_row,
         ${clauseNumber(clauses.matched)} AS clause
       FROM ${target} JOIN ${this.#source} ON (${options.on}\n)`,
    );
    await this.#assertOneEach();
    if (clauses.bySource.length === 0) return;
    await session.run(
      `INSERT INTO ${this.#changes}
       SELECT target.${itsFile}, target.${itsRow}, NULL, ${clauseNumber(clauses.bySource, clauses.matched.length)}
       FROM ${target} ANTI JOIN ${this.#changes} AS matched
       ON target.${itsFile} = matched.file AND target.${itsRow} = matched.row`,
    );
  }

  /** Two rows of the source must not say two things about one row of the table; that it goes they may say together. */
  async #assertOneEach(): Promise<void> {
    const { session } = this.attempt;
    const { matched } = this.clauses;
    if (matched.every(({ values }) => values === undefined)) return;
    const ambiguous = await session.scalar<number>(
      `SELECT count(*) FROM (SELECT file, row FROM ${this.#changes} WHERE clause IS NOT NULL
       GROUP BY ALL HAVING count(*) > 1)`,
    );
    if (ambiguous === 0) return;
    throw new MurmurError(
      'table.merge_ambiguous',
      `merging: ${ambiguous} rows of the table match several rows of the source`,
      {
        fault: 'user',
        fix: 'keep one row of the source for each row of the table, or make the condition narrower',
        context: { rows: ambiguous },
      },
    );
  }

  async #touchedFiles(): Promise<AddFile[]> {
    const { session, log } = this.attempt;
    const found = await session.rows<{ file: string }>(
      `SELECT DISTINCT file FROM ${this.#changes} WHERE clause IS NOT NULL`,
    );
    const touched = new Set(found.map(({ file }) => file));
    return this.candidates.filter((file) => touched.has(dataFileUri(session, log.storage, file)));
  }

  async #countRows(touched: readonly AddFile[]) {
    const { session } = this.attempt;
    const goes = this.#deletingClauses();
    const [found] = await session.rows<{
      deleted: number;
      updated: number;
      total: number;
      sourceRows: number;
    }>(
      `SELECT count(DISTINCT (file, row)) FILTER (WHERE clause IN (${goes})) AS deleted,
         count(*) FILTER (WHERE clause NOT IN (${goes})) AS updated,
         (SELECT count(*) FROM ${await targetOf(this.attempt, touched)}) AS total,
         (SELECT count(*) FROM ${this.staged.relation}) AS "sourceRows"
       FROM ${this.#changes} WHERE clause IS NOT NULL`,
    );
    return found!;
  }

  /** Rows of the touched files that stay, changed where a clause says so. */
  async #changedRows(touched: readonly AddFile[]): Promise<string> {
    const { matched, bySource } = this.clauses;
    const columns = this.attempt.schema.fields.map(({ name }) =>
      valueByClause([...matched, ...bySource], 'change.clause', name, `target.${quoteIdent(name)}`),
    );
    return `SELECT ${columns.join(', ')} FROM ${await targetOf(this.attempt, touched)}
      LEFT JOIN (SELECT * FROM ${this.#changes} WHERE clause IS NOT NULL) AS change
        ON target.${itsFile} = change.file AND target.${itsRow} = change.row
      LEFT JOIN ${this.#source} ON source.${itsRow} = change.source_row
      WHERE change.clause IS NULL OR change.clause NOT IN (${this.#deletingClauses()})`;
  }

  #newRows(): string {
    const { notMatched } = this.clauses;
    const columns = this.attempt.schema.fields.map(({ name, type }) =>
      valueByClause(notMatched, itsClause, name, `CAST(NULL AS ${duckType(type)})`),
    );
    return `SELECT ${columns.join(', ')} FROM (
      SELECT source.*, ${clauseNumber(notMatched)} AS ${itsClause} FROM ${this.#source}
      ANTI JOIN ${this.#changes} AS matched ON source.${itsRow} = matched.source_row) AS source
      WHERE ${itsClause} IS NOT NULL`;
  }

  /** Numbers of the clauses that delete, for an SQL list that is never empty. */
  #deletingClauses(): string {
    const { matched, bySource } = this.clauses;
    const numbers = [...matched, ...bySource].flatMap(({ values }, i) => (values === undefined ? [i] : []));
    return [-1, ...numbers].join(', ');
  }
}

function sourceOf({ relation }: StagedInput): string {
  return `(SELECT *, rowid AS ${itsRow} FROM ${relation}) AS source`;
}

async function targetOf({ session, target, log }: Attempt, files: readonly AddFile[]): Promise<string> {
  const scan = await scanSql(session, target, log.storage, { files, rowNumbers: true });
  return `(SELECT * EXCLUDE (filename, file_row_number), filename AS ${itsFile}, file_row_number AS ${itsRow}
    FROM (${scan})) AS target`;
}

/** What is true of every row of the table that can match: by what `on` says of it, and by where the source's keys lie. */
async function targetConditions(attempt: Attempt, staged: StagedInput, on: string): Promise<Condition[]> {
  const { session, snapshot } = attempt;
  const conditions = await conditionsOf(session, on, snapshot.schema, 'target');
  for (const [mine, theirs] of await equalColumns(session, on, ['target', 'source'])) {
    const field = snapshot.schema.fields.find(({ name }) => name.toLowerCase() === mine.toLowerCase());
    const key = staged.columns.find(({ name }) => name.toLowerCase() === theirs.toLowerCase());
    if (field === undefined || key === undefined || duckType(field.type) !== key.type.toString()) continue;
    const name = quoteIdent(key.name);
    const [range] = await session.rows(
      `SELECT min(${name}) AS min, max(${name}) AS max FROM ${staged.relation}`,
    );
    if (range!.min !== null) {
      conditions.push(...rangeConditions(field.name, field.type, range!.min!, range!.max!));
    }
  }
  return conditions;
}

function describe(attempt: Attempt, options: MergeOptions, { counts, copied, sourceRows, removed }: Merged) {
  const { on, whenMatched = [], whenNotMatched = [], whenNotMatchedBySource = [], userMetadata } = options;
  return {
    operation: 'MERGE',
    operationParameters: {
      predicate: JSON.stringify([on]),
      matchedPredicates: predicatesOf(whenMatched),
      notMatchedPredicates: predicatesOf(whenNotMatched),
      notMatchedBySourcePredicates: predicatesOf(whenNotMatchedBySource),
    },
    operationMetrics: {
      numSourceRows: String(sourceRows),
      numTargetRowsInserted: String(counts.inserted),
      numTargetRowsUpdated: String(counts.updated),
      numTargetRowsDeleted: String(counts.deleted),
      numTargetRowsCopied: String(copied),
      numOutputRows: String(rowsIn(attempt.written)),
      numTargetFilesAdded: String(attempt.written.length),
      numTargetFilesRemoved: String(removed.length),
      numTargetBytesAdded: String(bytesOf(attempt.written)),
      numTargetBytesRemoved: String(bytesOf(removed)),
    },
    ...(userMetadata === undefined ? {} : { userMetadata }),
  };
}
