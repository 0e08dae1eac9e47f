/**
 * Checkpoint files as lists of actions and back. Reading takes what is there: Spark's, delta-rs's and our own files differ in
 * columns and fields. Writing is one shape only, the one every reader knows, in PLAIN pages, because some readers fail on
 * dictionaries in checkpoints.
 */
import { randomUUID } from 'node:crypto';
import type { DuckDBStructType } from '@duckdb/node-api';
import { isMurmurError, MurmurError } from '../base/errors.js';
import type { Action, AddFile, RemoveFile } from '../delta/actions.js';
import { column, struct } from '../schema/column-types.js';
import { checkpointKinds, checkpointStructure, readableColumns, requiredField } from './checkpoint-schema.js';
import type { Row } from './json-value.js';
import { eachPacked } from './packed-rows.js';
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
  const actions: Action[] = [];
  for (const { name, type } of await session.columnTypesOf(`SELECT * FROM ${source}`)) {
    const wanted = readableColumns[name];
    if (!wanted || !('entryNames' in type)) continue;
    const fields = (type as DuckDBStructType).entryNames.filter((field) => field in wanted);
    const required = requiredField[name]!;
    if (!fields.includes(required)) continue;
    // Most of a large checkpoint is plain values; to and fro through JSON goes only what has a shape of its own.
    const plain = fields.filter((field) => isPlain(wanted[field]!));
    const nested = fields.filter((field) => !plain.includes(field));
    const values = plain.map((field) => `${fieldOf(name, field)}::${wanted[field]} AS ${quoteIdent(field)}`);
    if (name === 'add' && !fields.includes('stats')) values.push(...countOf(type as DuckDBStructType));
    if (nested.length > 0) values.push(`${nestedJson(name, nested, wanted)} AS ${quoteIdent(nestedColumn)}`);
    const select = `SELECT ${values.join(', ')} FROM ${source} WHERE ${fieldOf(name, required)} IS NOT NULL`;
    if (name === 'add' || name === 'remove') {
      const columns = (await session.columnTypesOf(select)).map((column) => ({
        name: column.name,
        of: fromText[column.type.toString()],
      }));
      await eachPacked(session, select, columns.length, (values) => {
        actions.push(fileAction(name, columns, values));
      });
    } else {
      for await (const rows of session.stream(select)) {
        for (const row of rows) actions.push({ [name]: actionOf(row) } as Action);
      }
    }
  }
  return actions;
}

const fromText: Readonly<Record<string, (text: string) => number | boolean>> = {
  BIGINT: Number,
  INTEGER: Number,
  BOOLEAN: (text) => text === 'true',
};

/** A column of its own beside the plain ones; null where they are all that an action has. */
const nestedColumn = ' nested';

type ColumnType = (typeof readableColumns)[string][string];

function isPlain(type: ColumnType): type is string {
  return typeof type === 'string' && !isMap(type) && !type.endsWith('[]');
}

function isMap(type: ColumnType): boolean {
  return typeof type === 'string' && type.startsWith('MAP(');
}

function nestedJson(
  kind: string,
  fields: readonly string[],
  types: Readonly<Record<string, ColumnType>>,
): string {
  const present = fields.map((field) => {
    const value = fieldOf(kind, field);
    return isMap(types[field]!) ? `coalesce(cardinality(${value}), 0) > 0` : `${value} IS NOT NULL`;
  });
  const packed = fields.map((field) => `${quoteIdent(field)} := ${fieldOf(kind, field)}`);
  return `CASE WHEN ${present.join(' OR ')} THEN to_json(struct_pack(${packed.join(', ')}))::VARCHAR END`;
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
  return [`'{"numRecords":' || ${count} || '}' AS stats`];
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
function actionOf({ [nestedColumn]: nested = null, ...plain }: Row): Record<string, unknown> {
  const action: Record<string, unknown> = {};
  for (const field in plain) if (plain[field] !== null) action[field] = plain[field];
  if (nested !== null) addNested(action, String(nested));
  return action;
}

function fileAction(
  kind: 'add' | 'remove',
  columns: readonly { name: string; of: ((text: string) => number | boolean) | undefined }[],
  values: readonly (string | null)[],
): Action {
  const action: Record<string, unknown> = {};
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    const { name, of } = columns[i]!;
    if (value === null) continue;
    if (name === nestedColumn) addNested(action, value);
    else action[name] = of === undefined ? value : of(value);
  }
  if (kind === 'remove') return { remove: action as unknown as RemoveFile };
  action.partitionValues ??= unpartitioned;
  return { add: action as unknown as AddFile };
}

/** Most files of most tables: one object for all of them. */
const unpartitioned = Object.freeze({});

function addNested(action: Record<string, unknown>, json: string): void {
  const fields: Record<string, unknown> = JSON.parse(json);
  for (const field in fields) if (fields[field] !== null) action[field] = fields[field];
  const { deletionVector: vector } = action as { deletionVector?: { storageType: string | null } };
  if (vector?.storageType === null) delete action.deletionVector;
  else if (vector !== undefined) action.deletionVector = withoutNulls(vector);
}

function withoutNulls(value: object): object {
  return Object.fromEntries(Object.entries(value).filter(([, v]) => v !== null));
}

function fieldOf(kind: string, field: string): string {
  return `struct_extract(${quoteIdent(kind)}, ${quoteString(field)})`;
}
