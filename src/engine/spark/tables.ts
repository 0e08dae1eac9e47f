/** Delta tables by path: created with our properties, known by their query, and looked at by SQL. */
import { MurmurError } from '../../base/errors.js';
import { quoted, quotedName } from '../../posts/sql/spark-literals.js';
import type { StructType } from '../../schema/column-types.js';
import { queryIdProperty, type Retention, tableProperties } from '../table-properties.js';
import { checkWriter, type TableWriter } from '../table-writer.js';
import type { SparkSession } from './connect/index.js';
import { ddlOf } from './ddl.js';
import { deltaTable } from './sql-text.js';

export interface TableMade {
  path: string;
  schema: StructType;
  retention: Retention;
  /** Beyond those that all our tables have. */
  properties?: Readonly<Record<string, string>>;
  /** For tables that one query alone writes. */
  writer?: TableWriter;
}

/** Small files are joined by the writes themselves: nothing of ours runs beside Spark. */
const tidiness = { 'delta.autoOptimize.autoCompact': 'true', 'delta.autoOptimize.optimizeWrite': 'true' };

/**
 * Opens a table, creating it where it is missing.
 * @returns its properties
 * @throws engine.other_engine, engine.stamp_differs (user), spark.*
 */
export async function openTable(session: SparkSession, table: TableMade): Promise<Map<string, string>> {
  const { path, schema, retention, writer } = table;
  const wanted = {
    ...tableProperties('spark', schema, retention, { stamp: writer?.stamp ?? {} }),
    ...tidiness,
    ...table.properties,
  };
  await session.sql(
    `CREATE TABLE IF NOT EXISTS ${deltaTable(path)} (${ddlOf(schema.fields)}) USING delta
     TBLPROPERTIES (${assignments(wanted)})`,
  );
  const properties = await propertiesOf(session, path);
  // A table whose query has not begun yet has no query id.
  if (writer !== undefined)
    checkWriter('spark', { [queryIdProperty]: '', ...Object.fromEntries(properties) }, writer);
  return properties;
}

export async function setProperties(
  session: SparkSession,
  path: string,
  properties: Readonly<Record<string, string>>,
): Promise<void> {
  await session.sql(`ALTER TABLE ${deltaTable(path)} SET TBLPROPERTIES (${assignments(properties)})`);
}

/** One commit of a table, as its history tells it. */
export interface TableCommit {
  version: number;
  operation: string;
  parameters: ReadonlyMap<string, string>;
  metrics: ReadonlyMap<string, string>;
}

/** The newest commits, newest first. */
export async function newestCommits(
  session: SparkSession,
  path: string,
  limit: number,
): Promise<TableCommit[]> {
  const rows = await session.rows(`DESCRIBE HISTORY ${deltaTable(path)} LIMIT ${limit}`);
  return rows.map((row) => ({
    version: Number(row.version),
    operation: String(row.operation),
    parameters: textMap(row.operationParameters),
    metrics: textMap(row.operationMetrics),
  }));
}

/**
 * The id in a stream's checkpoint; undefined where there is no checkpoint yet.
 * @throws engine.checkpoint_corrupt (external), spark.*
 */
export async function checkpointId(session: SparkSession, checkpoint: string): Promise<string | undefined> {
  const file = `${checkpoint}/metadata`;
  let text: string;
  try {
    const rows = await session.rows(`SELECT value FROM text.${quotedName(file)}`);
    text = String(rows[0]?.value ?? '');
  } catch (e) {
    if (e instanceof MurmurError && e.context.errorClass === 'PATH_NOT_FOUND') return undefined;
    throw e;
  }
  const id = /"id"\s*:\s*"([^"]+)"/.exec(text)?.[1];
  if (id !== undefined) return id;
  throw new MurmurError('engine.checkpoint_corrupt', `reading ${file}: it holds no id`, {
    fault: 'external',
    fix: 'put the checkpoint back from a copy, or begin again with `murmur reset`',
  });
}

/** The newest batch that a stream's checkpoint knows to be done; −1 for none. @throws spark.* */
export async function newestCheckpointed(session: SparkSession, checkpoint: string): Promise<number> {
  const commits = quotedName(`${checkpoint}/commits`);
  try {
    const [row] = await session.rows(
      `SELECT max(CAST(regexp_extract(_metadata.file_path, '([0-9]+)$', 1) AS INT)) AS batch FROM text.${commits}`,
    );
    return Number(row?.batch ?? -1);
  } catch (e) {
    if (e instanceof MurmurError && e.context.errorClass === 'PATH_NOT_FOUND') return -1;
    throw e;
  }
}

export async function propertiesOf(session: SparkSession, path: string): Promise<Map<string, string>> {
  const [detail] = await session.rows(`DESCRIBE DETAIL ${deltaTable(path)}`);
  return textMap(detail?.properties);
}

function assignments(properties: Readonly<Record<string, string>>): string {
  return Object.entries(properties)
    .map(([key, value]) => `${quoted(key)} = ${quoted(value)}`)
    .join(', ');
}

function textMap(value: unknown): Map<string, string> {
  return value instanceof Map ? value : new Map();
}
