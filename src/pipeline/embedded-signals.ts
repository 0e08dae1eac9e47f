/** What a lake that this process runs tells of how well it works: its progress, its tables, its scorer. */
import { type Snapshot, zOrderOf } from '../delta/index.js';
import type { Signals, TableSignal } from '../engine/signals.js';
import { type MeasuredBatch, measuredColumns, streamSignals } from '../engine/stream-signals.js';
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
    tellsSteps: true,
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
    `SELECT ${measuredColumns.join(', ')} FROM progress WHERE epoch_ms(started_at) >= ?
     ORDER BY started_at DESC LIMIT ${newestBatches}`,
    [since],
  );
  return rows.map((row) => numbersOf(row));
}

/** Whole numbers of 64 bits may come as text. */
export function numbersOf(row: Readonly<Record<string, unknown>>): MeasuredBatch {
  const { stream, ...numbers } = row;
  return {
    stream,
    ...Object.fromEntries(Object.entries(numbers).map(([name, value]) => [name, Number(value)])),
  } as unknown as MeasuredBatch;
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

async function hottestOf(lake: Lake): Promise<Signals['hottest']> {
  const { rows } = await lake.sql(hottestSql('application'));
  return hottest(rows[0]);
}

/** The mention with most rows, in SQL that both engines understand. */
export function hottestSql(application: string): string {
  return `SELECT mention, positive + neutral + negative AS mention_rows, (SELECT sum(positive + neutral + negative) FROM ${application}) AS all_rows
     FROM ${application} WHERE mention IS NOT NULL ORDER BY 2 DESC, 1 LIMIT 1`;
}

export function hottest(row: Readonly<Record<string, unknown>> | undefined): Signals['hottest'] {
  if (row === undefined) return undefined;
  return { mention: String(row.mention), rows: Number(row.mention_rows), allRows: Number(row.all_rows) };
}

async function textsOf(lake: Lake): Promise<{ posts: number; distinct: number } | undefined> {
  const { rows } = await lake.sql(
    `SELECT count(*) AS posts, count(DISTINCT "text") AS texts
     FROM (SELECT DISTINCT post_id, "text" FROM (SELECT post_id, "text" FROM gold ORDER BY scored_at DESC LIMIT ${newestTexts}))`,
  );
  return rows[0] && { posts: Number(rows[0].posts), distinct: Number(rows[0].texts) };
}
