/**
 * Upsert by key as a plan: which files of the table hold a key of the source, and new files with their rows merged, and
 * the source's other rows beside them. Files without such a key are not read beyond their key columns and not rewritten.
 * The caller commits: adds and removes in one commit that says it has read the table.
 */
import { MurmurError } from '../base/errors.js';
import type { AddFile, DataFile } from '../delta/actions.js';
import type { Snapshot } from '../delta/index.js';
import type { StructField, StructType } from '../schema/column-types.js';
import type { Storage } from '../storage/storage.js';
import type { FileLayout } from './data-files.js';
import { mergeCandidates } from './merge-candidates.js';
import { dataFileUri } from './parquet-location.js';
import { emptySelect, scanSql } from './scan.js';
import type { DuckSession } from './session.js';
import { quoteIdent } from './sql-text.js';
import { duckType } from './types.js';
import { writeParquet } from './write-parquet.js';

/**
 * What becomes of a column when table and source both have the key: the sum (a null counts as nothing), the smaller or
 * greater of the two (null only if both are), or the source's value.
 */
export type MergeRule = 'add' | 'least' | 'greatest' | 'replace';

export interface MergeOptions extends FileLayout {
  table: { readonly snapshot: Snapshot; readonly storage: Storage };
  /** A table or view of the session: the keys, each combination once, and the columns with a rule. */
  source: string;
  /** Columns that are compared null-safely: null is a key like any other. */
  keys: readonly string[];
  columns: Readonly<Record<string, MergeRule>>;
  /** Columns that are the sum of others after the merge, a null counting as 0. */
  derive?: Readonly<Record<string, readonly string[]>>;
}

export interface MergePlan {
  adds: DataFile[];
  removes: AddFile[];
  /** For the commit's operationMetrics. */
  rows: { source: number; inserted: number; updated: number; copied: number };
}

/**
 * @throws duck.merge_duplicate_keys (internal) when the source has a key twice; duck.merge_incomplete (internal) when a
 *   column of the table has no rule; duck.sql_error (user) when a sum leaves its type's range
 */
export async function planMerge(session: DuckSession, options: MergeOptions): Promise<MergePlan> {
  const { snapshot, storage } = options.table;
  const merge = columnsOf(snapshot.schema, options);
  const source = `(SELECT ${[...merge.keys, ...merge.ruled].map(cast).join(', ')} FROM ${quoteIdent(options.source)})`;
  const candidates = await mergeCandidates(session, snapshot, source, merge.keys);
  if (candidates.sourceRows === 0) {
    return { adds: [], removes: [], rows: { source: 0, inserted: 0, updated: 0, copied: 0 } };
  }
  const touched = await filesThatHold(session, options, source, merge.keys, candidates.files);
  const adds = await writeParquet(session, {
    ...options,
    select: await mergedRows(session, options, source, merge, touched.files),
    storage,
    schema: snapshot.schema,
    configuration: snapshot.metadata.configuration,
    partitionColumns: snapshot.metadata.partitionColumns,
  });
  const written = adds.reduce((sum, file) => sum + file.numRecords, 0);
  return {
    adds,
    removes: touched.files,
    rows: {
      source: candidates.sourceRows,
      inserted: candidates.sourceRows - touched.rows,
      updated: touched.rows,
      copied: written - candidates.sourceRows,
    },
  };
}

interface MergeColumns {
  keys: StructField[];
  ruled: (StructField & { rule: MergeRule })[];
  derived: (StructField & { from: readonly string[] })[];
}

function columnsOf(schema: StructType, options: MergeOptions): MergeColumns {
  const { keys, columns, derive = {} } = options;
  const merge: MergeColumns = { keys: [], ruled: [], derived: [] };
  for (const field of schema.fields) {
    const rule = columns[field.name];
    const from = derive[field.name];
    if (keys.includes(field.name)) merge.keys.push(field);
    else if (rule) merge.ruled.push({ ...field, rule });
    else if (from) merge.derived.push({ ...field, from });
    else throw incomplete(`column ${field.name} is neither a key nor has a rule`);
  }
  if (merge.keys.length !== keys.length || keys.length === 0) {
    throw incomplete(`keys ${keys.join(', ')} are not columns of the table`);
  }
  const ruled = new Set(merge.ruled.map((f) => f.name));
  const unknown = merge.derived.flatMap((f) => f.from).find((name) => !ruled.has(name));
  if (unknown) throw incomplete(`column ${unknown}, which another is derived from, has no rule`);
  return merge;
}

/** Files in which a row has a key of the source, and how many such rows there are. */
async function filesThatHold(
  session: DuckSession,
  options: MergeOptions,
  source: string,
  keys: readonly StructField[],
  candidates: readonly AddFile[],
): Promise<{ files: AddFile[]; rows: number }> {
  if (candidates.length === 0) return { files: [], rows: 0 };
  const { snapshot, storage } = options.table;
  const scan = await scanSql(session, snapshot, storage, {
    files: candidates,
    columns: keys.map((f) => f.name),
    rowNumbers: true,
  });
  const found = await session.rows<{ filename: string; n: number }>(
    `SELECT filename, count(*) AS n FROM (${scan}) AS target SEMI JOIN ${source} AS source
     ON ${sameKey(keys)} GROUP BY filename`,
  );
  const hits = new Set(found.map((f) => f.filename));
  return {
    files: candidates.filter((file) => hits.has(dataFileUri(session, storage, file))),
    rows: found.reduce((sum, f) => sum + f.n, 0),
  };
}

async function mergedRows(
  session: DuckSession,
  options: MergeOptions,
  source: string,
  merge: MergeColumns,
  touched: readonly AddFile[],
): Promise<string> {
  const { snapshot, storage } = options.table;
  const fields = [...merge.keys, ...merge.ruled];
  const target =
    touched.length === 0
      ? emptySelect(fields)
      : await scanSql(session, snapshot, storage, { files: touched, columns: fields.map((f) => f.name) });
  const merged = [
    ...merge.keys.map((f) => {
      const name = quoteIdent(f.name);
      return `CASE WHEN target.is_target THEN target.${name} ELSE source.${name} END AS ${name}`;
    }),
    ...merge.ruled.map(
      (f) => `CAST(${ruleSql(f.rule, quoteIdent(f.name))} AS ${duckType(f.type)}) AS ${quoteIdent(f.name)}`,
    ),
  ];
  const derived = merge.derived.map((f) => {
    const sum = f.from.map((name) => `coalesce(${quoteIdent(name)}, 0)`).join(' + ');
    return `CAST(${sum} AS ${duckType(f.type)}) AS ${quoteIdent(f.name)}`;
  });
  return `SELECT ${['*', ...derived].join(', ')} FROM (
    SELECT ${merged.join(', ')}
    FROM (SELECT *, true AS is_target FROM (${target})) AS target
    FULL JOIN (SELECT *, true AS is_source FROM ${source}) AS source ON ${sameKey(merge.keys)})`;
}

function ruleSql(rule: MergeRule, name: string): string {
  const [t, s] = [`target.${name}`, `source.${name}`];
  switch (rule) {
    case 'add':
      return `CASE WHEN ${t} IS NULL THEN ${s} WHEN ${s} IS NULL THEN ${t} ELSE ${t} + ${s} END`;
    case 'least':
    case 'greatest':
      return `${rule}(${t}, ${s})`;
    case 'replace':
      return `CASE WHEN source.is_source THEN ${s} ELSE ${t} END`;
  }
}

function sameKey(keys: readonly StructField[]): string {
  return keys
    .map(({ name }) => `target.${quoteIdent(name)} IS NOT DISTINCT FROM source.${quoteIdent(name)}`)
    .join(' AND ');
}

function cast(field: StructField): string {
  const name = quoteIdent(field.name);
  return `CAST(${name} AS ${duckType(field.type)}) AS ${name}`;
}

function incomplete(why: string): MurmurError {
  return new MurmurError('duck.merge_incomplete', `merging into a table: ${why}`, { fault: 'internal' });
}
