/**
 * Checkpoint files as lists of actions and back. Reading takes what is there: Spark's, delta-rs's and our own files differ in
 * columns and fields. Writing is one shape only, the one every reader knows, in PLAIN pages, because some readers fail on
 * dictionaries in checkpoints.
 */
import { randomUUID } from 'node:crypto';
import type { DuckDBStructType } from '@duckdb/node-api';
import { isMurmurError, MurmurError } from '../base/errors.js';
import type { Action } from '../delta/actions.js';
import { column, struct } from '../schema/column-types.js';
import { checkpointKinds, checkpointStructure, readableColumns, requiredField } from './checkpoint-schema.js';
import type { DuckSession } from './session.js';
import { quoteIdent, quoteList, quoteString } from './sql-text.js';

/** @throws duck.parquet_invalid, duck.file_missing (external) */
export async function readCheckpointFiles(session: DuckSession, uris: readonly string[]): Promise<Action[]> {
  if (uris.length === 0) return [];
  try {
    return await readActions(session, uris);
  } catch (e) {
    // The SQL is ours and right, so what DuckDB stumbles over is the file.
    if (!isMurmurError(e, 'duck.sql_error')) throw e;
    throw new MurmurError('duck.parquet_invalid', `reading checkpoint ${uris[0]}: ${e.message}`, {
      fault: 'external',
      cause: e,
    });
  }
}

async function readActions(session: DuckSession, uris: readonly string[]): Promise<Action[]> {
  const source = `read_parquet(${quoteList(uris)}, union_by_name=true, hive_partitioning=false)`;
  const selects = (await session.columnTypesOf(`SELECT * FROM ${source}`)).flatMap(({ name, type }) => {
    const wanted = readableColumns[name];
    if (!wanted || !('entryNames' in type)) return [];
    const fields = (type as DuckDBStructType).entryNames.filter((field) => field in wanted);
    const required = requiredField[name]!;
    if (!fields.includes(required)) return [];
    const packed = fields.map((field) => `${quoteIdent(field)} := ${fieldOf(name, field)}`);
    if (name === 'add' && !fields.includes('stats')) packed.push(...countOf(type as DuckDBStructType));
    return `SELECT ${quoteString(name)} AS kind, to_json(struct_pack(${packed.join(', ')}))::VARCHAR AS json
      FROM ${source} WHERE ${fieldOf(name, required)} IS NOT NULL`;
  });
  if (selects.length === 0) return [];
  const rows = await session.rows<{ kind: string; json: string }>(selects.join('\nUNION ALL '));
  return rows.map(({ kind, json }) => ({ [kind]: actionOf(kind, JSON.parse(json)) }) as Action);
}

/**
 * Writes one file. `commitInfo` and `cdc` have no place in a checkpoint and are left out; files are written as having
 * changed no data, since a checkpoint tells state, not news.
 * @returns the number of rows read back from the file
 * @throws duck.checkpoint_incomplete (internal) when an action does not come back out of the file
 */
export async function writeCheckpointFile(
  session: DuckSession,
  uri: string,
  actions: Iterable<Action>,
): Promise<number> {
  const staged = `checkpoint_${randomUUID()}`;
  const schema = struct(column('line', 'string'));
  await session.run(`CREATE TEMP TABLE ${quoteIdent(staged)} (line VARCHAR)`);
  try {
    const lines = await session.append(staged, schema, checkpointLines(actions));
    await session.run(
      `COPY (SELECT unnest(from_json(line, ${quoteString(checkpointStructure)})) FROM ${quoteIdent(staged)})
       TO ${quoteString(uri)} (FORMAT parquet, COMPRESSION snappy, PARQUET_VERSION v1, DICTIONARY_SIZE_LIMIT 0)`,
    );
    const present = checkpointKinds.map((kind) => `count(${fieldOf(kind, requiredField[kind]!)})`);
    const [found] = await session.rows<{ rows: number; actions: number }>(
      `SELECT count(*) AS rows, ${present.join(' + ')} AS actions FROM read_parquet(${quoteString(uri)})`,
    );
    if (found!.rows !== lines || found!.actions !== lines) {
      throw new MurmurError(
        'duck.checkpoint_incomplete',
        `writing a checkpoint of ${lines} actions: the file gives back ${found!.actions} in ${found!.rows} rows`,
        { fault: 'internal', context: { file: uri } },
      );
    }
    return found!.rows;
  } finally {
    await session.run(`DROP TABLE IF EXISTS ${quoteIdent(staged)}`);
  }
}

/** Where a writer keeps statistics as columns only, the number of rows is what we need of them. */
function countOf(add: DuckDBStructType): string[] {
  const parsed = add.entryTypes[add.entryNames.indexOf('stats_parsed')];
  if (!parsed || !('entryNames' in parsed) || !parsed.entryNames.includes('numRecords')) return [];
  const count = `struct_extract(${fieldOf('add', 'stats_parsed')}, 'numRecords')`;
  return [`stats := '{"numRecords":' || ${count} || '}'`];
}

function* checkpointLines(actions: Iterable<Action>): Generator<[string]> {
  for (const action of actions) {
    if (action.add) yield [JSON.stringify({ add: { ...action.add, dataChange: false } })];
    else if (action.remove) yield [JSON.stringify({ remove: { ...action.remove, dataChange: false } })];
    else {
      const kind = checkpointKinds.find((k) => action[k] !== undefined);
      if (kind) yield [JSON.stringify({ [kind]: action[kind] })];
    }
  }
}

/** Fields that are null in Parquet are absent in an action; nulls inside maps are values and stay. */
function actionOf(kind: string, fields: Record<string, unknown>): Record<string, unknown> {
  const present = Object.fromEntries(
    Object.entries(fields).filter(([name, value]) => {
      if (value === null) return false;
      return name !== 'deletionVector' || (value as { storageType: unknown }).storageType !== null;
    }),
  );
  if (kind === 'add') present.partitionValues ??= {};
  const vector = present.deletionVector;
  if (vector) present.deletionVector = withoutNulls(vector);
  return present;
}

function withoutNulls(value: object): object {
  return Object.fromEntries(Object.entries(value).filter(([, v]) => v !== null));
}

function fieldOf(kind: string, field: string): string {
  return `struct_extract(${quoteIdent(kind)}, ${quoteString(field)})`;
}
