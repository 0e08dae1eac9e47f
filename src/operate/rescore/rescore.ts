/**
 * Backfill with another model: every row of gold (or silver) scored anew into a table beside it. One commit a batch, with
 * `txn{rescoring, N}` as its commit point: an interrupted rescoring goes on behind the last batch that the table holds.
 */
import { systemClock } from '../../base/clock.js';
import { MurmurError } from '../../base/errors.js';
import { faultPoint } from '../../base/fault-point.js';
import { packageVersion } from '../../base/package-root.js';
import type { DeltaLog } from '../../delta/index.js';
import { DuckDatabase } from '../../duck/database.js';
import { type DuckSession, scanSql, writeParquet } from '../../duck/index.js';
import { DuckParquetHandler } from '../../duck/parquet-handler.js';
import { quoteIdent, quoteString } from '../../duck/sql-text.js';
import type { TableAt } from '../../lake/lake-table.js';
import type { OpenLake } from '../../pipeline/open.js';
import { postFunctions } from '../../pipeline/post-functions.js';
import { duckFunctions } from '../../posts/functions.js';
import { silver } from '../../posts/tables.js';
import { column, struct } from '../../schema/column-types.js';
import type { Scorer } from '../../scoring/scorer.js';
import { type RowBatch, rowBatches } from './batches.js';
import {
  assertSame,
  checkTargetName,
  type MadeFrom,
  openTarget,
  rescoredBefore,
  rescoringApp,
} from './target.js';

export interface RescoreOptions {
  /** The new table's name. */
  into: string;
  /** What is scored anew. Default `gold`. */
  from?: 'gold' | 'silver';
  /** As it was at this version. Default: the newest, or the one that an interrupted rescoring began with. */
  version?: number;
  signal?: AbortSignal;
  onProgress?(doneRows: number, ofRows: number): void;
  /** Rows of a batch. Default 20,000. */
  batchRows?: number;
}

export interface Rescored {
  into: string;
  from: string;
  /** Of `from`. */
  version: number;
  model: string;
  rows: number;
  /** Rows that an earlier, interrupted call had scored. */
  resumed_rows: number;
  seconds: number;
}

/** Texts that are scored between two words to `onProgress`. */
const chunkTexts = 512;
const rowsTable = 'rescored_rows';
const scoresTable = 'rescored_texts';

/**
 * @throws operate.bad_table_name, operate.table_taken (user), lake.no_such_table, delta.no_such_version (user); as
 * `Scorer.score`; the signal's reason
 */
export async function rescore(open: OpenLake, scorer: Scorer, o: RescoreOptions): Promise<Rescored> {
  const { lake, spec } = open;
  const clock = open.clock ?? systemClock;
  const began = clock.now();
  checkTargetName(o.into);
  const before = await rescoredBefore(lake, o.into);
  const version = o.version ?? before?.version;
  const source = await (await lake.namedTable(o.from ?? before?.table ?? 'gold')).at(
    version === undefined ? {} : { version },
  );
  if (source === undefined) throw nothingThere(o.from ?? 'gold');
  await scorer.ready();
  const made: MadeFrom = {
    table: o.from ?? before?.table ?? 'gold',
    tableId: source.snapshot.metadata.id,
    version: source.snapshot.version,
    model: scorer.model.id,
    digest: scorer.model.digest,
    neutralId: spec.neutral.id,
    batchRows: before?.batchRows ?? o.batchRows ?? 20_000,
  };
  if (before !== undefined) assertSame(o.into, before, made);
  const database = await DuckDatabase.open({ cache: lake.cache });
  const session = await database.connect();
  try {
    const { scalars, macros } = duckFunctions(postFunctions(spec));
    for (const scalar of scalars) session.register(scalar);
    for (const macro of macros) await session.run(macro);
    const env = {
      parquet: new DuckParquetHandler(database),
      clock,
      engineInfo: `murmur/${packageVersion()}`,
    };
    const target = await openTarget(lake, o.into, env, made);
    const counts = await fill({ session, source, target, scorer, made, now: () => clock.now() }, o);
    await target.settled();
    const { table: from, model } = made;
    return {
      into: o.into,
      from,
      version: made.version,
      model,
      ...counts,
      seconds: (clock.now() - began) / 1000,
    };
  } finally {
    await database.close();
  }
}

interface Work {
  session: DuckSession;
  source: TableAt;
  target: DeltaLog;
  scorer: Scorer;
  made: MadeFrom;
  now(): number;
}

async function fill(work: Work, o: RescoreOptions): Promise<{ rows: number; resumed_rows: number }> {
  const { source, target, made } = work;
  const batches = rowBatches(source.snapshot.files, made.batchRows);
  const total = batches.reduce((sum, { count }) => sum + count, 0);
  const next = (target.snapshot.txnVersion(rescoringApp) ?? -1) + 1;
  const resumed = target.snapshot.numRecords ?? 0;
  let done = batches.slice(0, next).reduce((sum, { count }) => sum + count, 0);
  o.onProgress?.(done, total);
  for (const [number, batch] of batches.entries()) {
    if (number < next) continue;
    o.signal?.throwIfAborted();
    await scoreBatch(work, batch, number, o.signal, (share) =>
      o.onProgress?.(Math.round(done + share * batch.count), total),
    );
    done += batch.count;
  }
  o.onProgress?.(total, total);
  return { rows: (await target.update()).numRecords ?? 0, resumed_rows: resumed };
}

async function scoreBatch(
  work: Work,
  batch: RowBatch,
  number: number,
  signal: AbortSignal | undefined,
  onShare: (share: number) => void,
): Promise<void> {
  const { session, source, target, scorer } = work;
  const columns = silver.fields.map(({ name }) => quoteIdent(name)).join(', ');
  const scan = await scanSql(session, source.snapshot, source.table.storage, {
    files: batch.files,
    ...(batch.rows === undefined ? {} : { rowNumbers: true }),
  });
  const cut =
    batch.rows === undefined
      ? ''
      : ` WHERE file_row_number >= ${batch.rows.from} AND file_row_number < ${batch.rows.to}`;
  await session.run(`CREATE OR REPLACE TEMP TABLE ${rowsTable} AS SELECT ${columns} FROM (${scan})${cut}`);
  await scoreTexts(session, scorer, signal, onShare);
  const { snapshot, storage } = target;
  const files = await writeParquet(session, {
    select: `SELECT r.*, s.score AS predicted_score, s.sentiment AS predicted_sentiment,
        label_id(r.sentiment) AS sentiment_id, label_id(s.sentiment) AS predicted_sentiment_id,
        ${quoteString(scorer.model.id)} AS model, epoch_ms(${Math.trunc(work.now())}::BIGINT)::TIMESTAMP AT TIME ZONE 'UTC' AS scored_at
      FROM ${rowsTable} r JOIN ${scoresTable} s ON s."text" = coalesce(r."text", '')`,
    storage,
    schema: snapshot.schema,
    configuration: snapshot.metadata.configuration,
  });
  faultPoint('rescore.before_commit');
  const transaction = target.begin().txn(rescoringApp, number);
  for (const file of files) transaction.add(file);
  const { table, version } = work.made;
  const outcome = await transaction.commit({
    operation: 'WRITE',
    operationParameters: { mode: 'Append', partitionBy: '[]' },
    operationMetrics: { numFiles: String(files.length) },
    murmur: JSON.stringify({
      rescored: `${table} VERSION AS OF ${version}`,
      batch: number,
      model: scorer.model,
    }),
  });
  faultPoint('rescore.after_commit');
  if (outcome.outcome === 'committed') return;
  throw new MurmurError(
    'operate.rescored_twice',
    `committing batch ${number} to ${storage.root}: another process has written there (${outcome.kind})`,
    { fault: 'user', fix: 'let one rescoring at a time fill a table' },
  );
}

/** Each distinct text once; a null is scored like an empty text, as the stream does. */
async function scoreTexts(
  session: DuckSession,
  scorer: Scorer,
  signal: AbortSignal | undefined,
  onShare: (share: number) => void,
): Promise<void> {
  const rows = await session.rows<{ text: string }>(
    `SELECT DISTINCT coalesce("text", '') AS text FROM ${rowsTable} ORDER BY 1`,
  );
  await session.run(
    `CREATE OR REPLACE TEMP TABLE ${scoresTable} ("text" VARCHAR, score DOUBLE, sentiment VARCHAR)`,
  );
  const schema = struct(column('text', 'string'), column('score', 'double'), column('sentiment', 'string'));
  for (let at = 0; at < rows.length; at += chunkTexts) {
    const texts = rows.slice(at, at + chunkTexts).map(({ text }) => text);
    const scores = await scorer.score(texts, signal);
    await session.append(
      scoresTable,
      schema,
      texts.map((text, i) => [text, scores[i]!.score, scores[i]!.sentiment]),
    );
    onShare((at + texts.length) / rows.length);
  }
}

function nothingThere(table: string): MurmurError {
  return new MurmurError('operate.no_rows', `rescoring ${table}: the table does not exist yet`, {
    fault: 'user',
    fix: 'murmur run --once',
  });
}
