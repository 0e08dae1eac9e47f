/** What Spark tells of the lake's tables and of the batches that are recorded in them. */
import { isMurmurError } from '../../base/errors.js';
import type { Signals, TableSignal } from '../signals.js';
import { type MeasuredBatch, measuredBatch, measuredColumns } from '../stream-signals.js';
import type { SparkRow, SparkSession } from './connect/index.js';
import { deltaTable } from './sql-text.js';
import { newestCommits } from './tables.js';

/** Batches read, of all streams together. */
const newestBatches = 1_000;
/** Commits looked at for the last time that a table was put into Z-order. */
const newestHistory = 100;

export interface DescribedTable {
  signal: TableSignal;
  properties: ReadonlyMap<string, string>;
}

/** Undefined for a table that does not exist yet. @param targetSize bytes that files should have @throws spark.* */
export async function describeTable(
  session: SparkSession,
  table: { name: string; path: string },
  targetSize: number,
): Promise<DescribedTable | undefined> {
  const [detail] = await rowsOf(session, `DESCRIBE DETAIL ${deltaTable(table.path)}`);
  if (detail === undefined) return undefined;
  const files = Number(detail.numFiles);
  const bytes = Number(detail.sizeInBytes);
  // Sizes of single files are not told: small on the average is small.
  const isSmall = files > 0 && bytes / files < targetSize / 2;
  return {
    signal: {
      table: table.name,
      files,
      bytes,
      smallFiles: isSmall ? files : 0,
      smallBytes: isSmall ? bytes : 0,
      targetSize,
      zOrderBy: await zOrderOf(session, table.path),
    },
    properties: detail.properties instanceof Map ? (detail.properties as Map<string, string>) : new Map(),
  };
}

async function zOrderOf(session: SparkSession, path: string): Promise<string[] | undefined> {
  const commits = await newestCommits(session, path, newestHistory);
  const columns = commits
    .filter(({ operation }) => operation === 'OPTIMIZE')
    .map(({ parameters }) => JSON.parse(parameters.get('zOrderBy') ?? '[]') as string[]);
  return columns.find(({ length }) => length > 0);
}

/** Newest first. @param since milliseconds since the epoch @throws spark.* */
export async function recordedBatches(
  session: SparkSession,
  progress: string,
  since: number,
): Promise<MeasuredBatch[]> {
  const rows = await rowsOf(
    session,
    `SELECT unix_millis(started_at) AS started_at, ${measuredColumns.join(', ')} FROM ${deltaTable(progress)} AS recorded
     WHERE recorded.started_at >= timestamp_millis(${Math.floor(since)}) ORDER BY 1 DESC LIMIT ${newestBatches}`,
  );
  return rows.map(measuredBatch);
}

/** The mention with most rows. @throws spark.* */
export async function hottestMention(
  session: SparkSession,
  application: string,
): Promise<Signals['hottest']> {
  const rows = 'positive + neutral + negative';
  const [row] = await rowsOf(
    session,
    `SELECT mention, ${rows} AS mention_rows, sum(${rows}) OVER () AS all_rows
     FROM ${deltaTable(application)} ORDER BY mention IS NULL, mention_rows DESC, mention LIMIT 1`,
  );
  if (row === undefined || row.mention === null) return undefined;
  return {
    mention: String(row.mention),
    rows: Number(row.mention_rows),
    allRows: Number(row.all_rows),
  };
}

/** None of a table that does not exist yet. */
async function rowsOf(session: SparkSession, query: string): Promise<SparkRow[]> {
  try {
    return await session.rows(query);
  } catch (e) {
    const isMissing =
      isMurmurError(e) &&
      /PATH_NOT_FOUND|PATH_DOES_NOT_EXIST|TABLE_NOT_FOUND|MISSING_DELTA_TABLE|TABLE_OR_VIEW/.test(
        String(e.context.errorClass),
      );
    if (isMissing) return [];
    throw e;
  }
}
