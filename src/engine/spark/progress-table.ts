/**
 * The `progress` table: what was committed is gathered and written every fifteen seconds and at the end. Each write has a number
 * of its own in the run, by which Delta leaves out one that it has already. What a crash kept from being written is told from the
 * tables when a stream begins again.
 */
import type { Clock } from '../../base/clock.js';
import { quoted } from '../../posts/sql/spark-literals.js';
import { progress as contract } from '../../posts/tables.js';
import type { BatchProgress } from '../engine.js';
import { unmeasured } from './batches.js';
import type { SparkRow, SparkSession } from './connect/index.js';
import { isLost, type SessionKeeper } from './session-keeper.js';
import { deltaTable } from './sql-text.js';
import { epochOf } from './stream-identity.js';
import type { TableCommit } from './tables.js';

const flushEveryMs = 15_000;

export class ProgressTable {
  #rows: BatchProgress[] = [];
  #writes = 0;
  #flushing: Promise<void> = Promise.resolve();

  constructor(
    readonly runId: string,
    readonly clock: Clock,
    readonly path: string,
    readonly keeper: SessionKeeper,
  ) {}

  add(progress: BatchProgress): void {
    this.#rows.push(progress);
  }

  /** Flushes by the clock until the signal. What fails is tried again the next time. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.clock.sleep(flushEveryMs, signal);
      if (!signal.aborted) await this.flush(signal).catch(() => undefined);
    }
  }

  /** Writes what waits; calls queue up behind each other. @throws spark.*; the rows then stay */
  flush(signal: AbortSignal): Promise<void> {
    const flushed = this.#flushing.then(() => this.#write(signal));
    this.#flushing = flushed.catch(() => undefined);
    return flushed;
  }

  async #write(signal: AbortSignal): Promise<void> {
    const rows = [...this.#rows];
    if (rows.length === 0) return;
    const session = await this.keeper.get(signal);
    try {
      const relation = await session.local(contract.fields, rows.map(rowOf), signal);
      await session.write(relation, {
        path: this.path,
        mode: 'append',
        options: { txnAppId: `${this.runId}/progress`, txnVersion: String(this.#writes) },
      });
    } catch (e) {
      if (isLost(e)) await this.keeper.lost(session);
      throw e;
    }
    this.#writes++;
    this.#rows = this.#rows.slice(rows.length);
  }
}

export interface Unwritten {
  session: SparkSession;
  stream: string;
  runId: string;
  /** Paths of the stream's own table, of progress and of quarantine. */
  tables: { own: string; progress: string; quarantine: string };
  /** A post may have several rows in the stream's table. */
  fansOut: boolean;
  now: number;
  last: TableCommit | undefined;
  /** What progress tells of versions up to this one is of rows that are gone. */
  begunBehind: number;
}

/**
 * What the table holds and progress does not know: the batches that a controller which died had not written yet, as one row
 * under the number of the last of them. Posts that were dropped are in no table and not in the row.
 */
export async function unwritten({
  session,
  stream,
  runId,
  tables,
  fansOut,
  now,
  last,
  begunBehind,
}: Unwritten): Promise<BatchProgress | undefined> {
  const batchId = epochOf(last);
  const [found] = await session.rows(
    `SELECT coalesce(max(batch_id), -1) AS batch, coalesce(sum(output_posts), 0) AS posts,
       coalesce(sum(output_rows), 0) AS rows, coalesce(sum(quarantined_posts), 0) AS quarantined
     FROM ${deltaTable(tables.progress)} WHERE stream = ${quoted(stream)} AND table_version > ${begunBehind}`,
  );
  if (found === undefined || batchId <= Number(found.batch)) return undefined;
  const posts = fansOut ? 'count(DISTINCT source, post_id)' : 'count(*)';
  const [own] = await session.rows(
    `SELECT ${posts} AS posts, count(*) AS rows FROM ${deltaTable(tables.own)}`,
  );
  const [bad] = await session.rows(
    `SELECT count(*) AS posts FROM ${deltaTable(tables.quarantine)} WHERE stream = ${quoted(stream)}`,
  );
  const more = (now: unknown, then: unknown) => Math.max(0, Number(now) - Number(then));
  const output = more(own?.posts, found.posts);
  const quarantined = more(bad?.posts, found.quarantined);
  return {
    stream,
    run_id: runId,
    batch_id: batchId,
    started_at: now,
    input_posts: output + quarantined,
    output_posts: output,
    output_rows: more(own?.rows, found.rows),
    dropped_posts: 0,
    quarantined_posts: quarantined,
    superseded_posts: 0,
    ...unmeasured,
    duration_ms: 0,
    table_version: last!.version,
  };
}

function rowOf(progress: BatchProgress): SparkRow {
  return Object.fromEntries(
    contract.fields.map(({ name, type }) => {
      const value = progress[name as keyof BatchProgress];
      if (name === 'started_at') return [name, BigInt(progress.started_at) * 1000n];
      return [name, type === 'long' ? BigInt(Math.round(value as number)) : value];
    }),
  ) as SparkRow;
}
