/** What a lake that this process runs tells of how well it works: its progress, its tables, its scorer. */
import { type Snapshot, zOrderOf } from '../delta/index.js';
import type { Signals, TableSignal } from '../engine/signals.js';
import {
  type MeasuredBatch,
  measuredBatch,
  measuredColumns,
  streamSignals,
} from '../engine/stream-signals.js';
import type { Lake } from '../lake/lake.js';
import { batchLimits } from './queries.js';
import type { LakeSpec } from './spec.js';

/** Batches read, of all streams together. */
const newestBatches = 1_000;
/** Rows of gold whose texts are counted. */
const newestTexts = 50_000;

export interface SignalsQuery {
  lake: Lake;
  spec: LakeSpec;
  /** Cores of this machine. */
  cores: number;
  /** What ran before went by other settings. Milliseconds since the epoch. */
  since: number;
}

export async function embeddedSignals({ lake, spec, cores, since }: SignalsQuery): Promise<Signals> {
  const { threads, cache } = spec.streams.gold;
  const streams = streamSignals(await batchesOf(lake, since), {
    limitsOf: (stream) => batchLimits(spec, stream),
    counts: true,
  });
  return {
    cores,
    streams,
    tables: await tablesOf(lake, spec.maintain.target_size),
    hottest: await hottestOf(lake),
    scoring: {
      threads: threads === 'auto' ? cores : threads,
      cache,
      texts: cache ? undefined : await textsOf(lake),
    },
    joiningEffort: spec.maintain.effort,
    stages: undefined,
    python: undefined,
    conf: new Map(),
    unseen: [
      ...(streams.length > 0 ? [] : [{ signal: 'batches', why: noBatches }]),
      { signal: 'spill', why: 'DuckDB does not record what it writes to its temporary folder' },
    ],
  };
}

export const noBatches = 'none is recorded since murmur.yaml was changed last; run the lake, then ask again';

async function batchesOf(lake: Lake, since: number): Promise<MeasuredBatch[]> {
  const { rows } = await lake.sql(
    `SELECT epoch_ms(started_at) AS started_at, ${measuredColumns.join(', ')} FROM progress WHERE epoch_ms(progress.started_at) >= ?
     ORDER BY 1 DESC LIMIT ${newestBatches}`,
    [since],
  );
  return rows.map(measuredBatch);
}

async function tablesOf(lake: Lake, wanted: number): Promise<TableSignal[]> {
  const signals: TableSignal[] = [];
  for (const table of await lake.tableNames()) {
    const at = await lake.table(table).at();
    if (at !== undefined) signals.push(tableSignal(table, at.snapshot, wanted));
  }
  return signals;
}

function tableSignal(
  table: string,
  { files, fileCount, sizeInBytes }: Snapshot,
  targetSize: number,
): TableSignal {
  const small = files.filter(({ size }) => size < targetSize / 2);
  const ordered = files.filter((file) => zOrderOf(file) !== undefined);
  const isOrdered = bytesOf(ordered) > sizeInBytes / 2;
  return {
    table,
    files: fileCount,
    bytes: sizeInBytes,
    smallFiles: small.length,
    smallBytes: bytesOf(small),
    targetSize,
    zOrderBy: isOrdered ? zOrderOf(ordered[0]!) : undefined,
  };
}

function bytesOf(files: readonly { size: number }[]): number {
  return files.reduce((sum, { size }) => sum + size, 0);
}

/** The mention with most rows. */
async function hottestOf(lake: Lake): Promise<Signals['hottest']> {
  const of = 'positive + neutral + negative';
  const { rows } = await lake.sql(
    `SELECT mention, ${of} AS mention_rows, sum(${of}) OVER () AS all_rows
     FROM application ORDER BY mention IS NULL, mention_rows DESC, mention LIMIT 1`,
  );
  const [row] = rows;
  if (row === undefined || row.mention === null) return undefined;
  return { mention: String(row.mention), rows: Number(row.mention_rows), allRows: Number(row.all_rows) };
}

async function textsOf(lake: Lake): Promise<{ posts: number; distinct: number } | undefined> {
  const { rows } = await lake.sql(
    `SELECT count(*) AS posts, count(DISTINCT "text") AS texts
     FROM (SELECT DISTINCT post_id, "text" FROM (SELECT post_id, "text" FROM gold ORDER BY scored_at DESC LIMIT ${newestTexts}))`,
  );
  return rows[0] && { posts: Number(rows[0].posts), distinct: Number(rows[0].texts) };
}
