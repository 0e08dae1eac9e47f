/**
 * The `progress` table: one row a committed batch, copied from the reports in the tables' logs. One writer gathers what
 * was committed and flushes it every few seconds and at the end; what a crash kept it from writing is caught up from
 * the logs when a query opens. Each query has a `txn` of its own in the table, so a batch has one row, whatever happens.
 */
import type { Clock } from '../../base/clock.js';
import { faultPoint } from '../../base/fault-point.js';
import type { DeltaLog } from '../../delta/index.js';
import { type DuckSession, writeParquet } from '../../duck/index.js';
import { progress as contract } from '../../posts/tables.js';
import type { BatchProgress } from '../engine.js';
import { progressOf } from './batch-report.js';
import { newestBatches } from './commit-history.js';

const flushEveryMs = 5_000;

interface Row {
  queryId: string;
  progress: BatchProgress;
}

export class ProgressWriter {
  #rows: Row[] = [];
  /** The newest batch written or waiting, by query. */
  readonly #known = new Map<string, number>();
  #flushing: Promise<void> = Promise.resolve();
  readonly #stop = new AbortController();
  #ticking: Promise<void> | undefined;

  constructor(
    readonly clock: Clock,
    readonly session: DuckSession,
    /** The progress table, created when first asked for. */
    readonly table: () => Promise<DeltaLog>,
    readonly onError: (error: unknown) => void,
  ) {}

  /** Begins to flush by the clock. */
  start(): void {
    this.#ticking ??= this.#tick();
  }

  /** Adds a batch; one that is known already is left out. */
  add(queryId: string, progress: BatchProgress): void {
    if (progress.batch_id <= (this.#known.get(queryId) ?? -1)) return;
    this.#known.set(queryId, progress.batch_id);
    this.#rows.push({ queryId, progress });
  }

  /** Adds what the table's log knows of the query and the progress table does not. */
  async catchUp(queryId: string, table: DeltaLog): Promise<void> {
    if (table.snapshot.txnVersion(queryId) === undefined) return;
    const progress = await this.table();
    const written = (await progress.update()).txnVersion(appId(queryId)) ?? -1;
    this.#known.set(queryId, Math.max(written, this.#known.get(queryId) ?? -1));
    const missing = await newestBatches(
      table,
      queryId,
      (found) => (found.at(-1)?.report.batchId ?? Number.POSITIVE_INFINITY) <= written + 1,
    );
    for (const { report, version, timestamp } of missing)
      this.add(queryId, progressOf(report, { version, timestamp }));
  }

  /** Writes what waits. Calls queue up behind each other. @throws what committing throws; the rows then stay */
  flush(): Promise<void> {
    const flushed = this.#flushing.then(() => this.#write());
    this.#flushing = flushed.catch(() => undefined);
    return flushed;
  }

  /** Flushes a last time and ends. */
  async close(): Promise<void> {
    this.#stop.abort();
    await this.#ticking;
    try {
      await this.flush();
    } catch (e) {
      this.onError(e);
    }
    await this.session.close();
  }

  async #tick(): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      await this.clock.sleep(flushEveryMs, signal);
      if (!signal.aborted) await this.flush().catch(this.onError);
    }
  }

  async #write(): Promise<void> {
    // A copy: others may be added while these are written.
    const rows = [...this.#rows];
    if (rows.length === 0) return;
    const table = await this.table();
    for (;;) {
      const snapshot = await table.update();
      // After an unknown outcome, or beside another writer, the table itself says what it has.
      const missing = rows.filter(
        ({ queryId, progress }) => progress.batch_id > (snapshot.txnVersion(appId(queryId)) ?? -1),
      );
      if (missing.length === 0 || (await this.#commit(table, missing))) break;
    }
    this.#rows = this.#rows.slice(rows.length);
  }

  async #commit(table: DeltaLog, rows: readonly Row[]): Promise<boolean> {
    const { snapshot, storage } = table;
    await this.session.run('DROP TABLE IF EXISTS progress_rows');
    await this.session.append(
      'progress_rows',
      contract,
      rows.map(({ progress }) => contract.fields.map(({ name }) => cell(progress, name))),
    );
    const files = await writeParquet(this.session, {
      select: 'SELECT * FROM progress_rows ORDER BY started_at',
      storage,
      schema: snapshot.schema,
      configuration: snapshot.metadata.configuration,
    });
    const transaction = table.begin();
    for (const file of files) transaction.add(file);
    const newest = new Map<string, number>();
    for (const { queryId, progress } of rows)
      newest.set(queryId, Math.max(progress.batch_id, newest.get(queryId) ?? -1));
    for (const [queryId, batchId] of newest) transaction.txn(appId(queryId), batchId);
    faultPoint('progress.before_commit');
    const outcome = await transaction.commit({
      operation: 'STREAMING UPDATE',
      operationParameters: { outputMode: 'Append' },
      operationMetrics: { numAddedFiles: String(files.length), numOutputRows: String(rows.length) },
    });
    faultPoint('progress.after_commit');
    return outcome.outcome === 'committed';
  }
}

function appId(queryId: string): string {
  return `${queryId}/progress`;
}

function cell(progress: BatchProgress, name: string): unknown {
  const value = progress[name as keyof BatchProgress];
  return name === 'started_at' ? BigInt(value as number) * 1000n : value;
}
