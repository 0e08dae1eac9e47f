/**
 * The batches of a query that merges. Spark's streams cannot merge, so they are planned here, by the protocol of the embedded
 * engine: `offsets/N` names versions of the input table, before any work; the MERGE carries (query id, N) as its `txn`, by which Delta
 * leaves out one that it has already; `commits/N` follows. The first batch, and one over versions in which rows went away or
 * which can no longer be read, makes the whole table anew from its input at one version.
 */
import { randomUUID } from 'node:crypto';
import type { Clock } from '../../base/clock.js';
import { isMurmurError, MurmurError } from '../../base/errors.js';
import { quoted } from '../../posts/sql/spark-literals.js';
import type { BatchProgress, QueryDefinition } from '../engine.js';
import { fenced } from '../fenced.js';
import { planInput } from '../plan-reading.js';
import { queryIdProperty } from '../table-properties.js';
import { type Offsets, WriteAheadLog, walFormat } from '../wal.js';
import { unmeasured } from './batches.js';
import type { SparkSession } from './connect/index.js';
import type { SparkContext } from './context.js';
import { contractOf, tableOf } from './lake-tables.js';
import { compilePlan } from './sql/compile.js';
import { mergeSql } from './sql/merge-sql.js';
import { overwriteSql } from './sql/overwrite-sql.js';
import { deltaTable } from './sql-text.js';
import { newestCommits, openTable, setProperties } from './tables.js';

/** Versions of the input, both inclusive; `from` null: all of it as it stood at `to`. */
interface Versions {
  kind: 'table';
  from: number | null;
  to: number;
}

export interface MergeSurroundings {
  context: SparkContext;
  clock: Clock;
  runId: string;
}

export class MergeBatches {
  /** Planned, and not yet known to be committed. */
  #pending: Offsets<Versions> | undefined;
  /** The newest version of the input that is merged, or holds nothing to merge. */
  #mergedTo = -1;
  #listMs = 0;

  private constructor(
    readonly session: SparkSession,
    readonly definition: QueryDefinition,
    readonly around: MergeSurroundings,
    readonly wal: WriteAheadLog,
  ) {}

  /** @throws engine.checkpoint_mismatch, engine.checkpoint_corrupt, engine.stamp_differs, engine.other_engine, spark.* */
  static async open(
    session: SparkSession,
    definition: QueryDefinition,
    around: MergeSurroundings,
  ): Promise<MergeBatches> {
    const { context } = around;
    const { name, plan } = definition;
    const { table } = plan.sink;
    const made = tableOf(context, definition);
    const properties = await openTable(session, made);
    const known = properties.get(queryIdProperty);
    const storage = context.checkpoints.at(name);
    const found = await WriteAheadLog.open(storage, name);
    if (found !== undefined && known !== undefined && found.queryId !== known)
      throw new MurmurError(
        'engine.checkpoint_mismatch',
        `checkpoint ${storage.root} belongs to query ${found.queryId}, table ${table} to query ${known}`,
        {
          fault: 'user',
          fix: `delete the checkpoint: ${table} is then made anew from ${planInput(plan)}`,
          context: { stream: name },
        },
      );
    const wal = found ?? (await WriteAheadLog.create(storage, name, randomUUID()));
    if (known !== wal.queryId) await setProperties(session, made.path, { [queryIdProperty]: wal.queryId });
    const batches = new MergeBatches(session, definition, around, wal);
    await batches.#restore();
    return batches;
  }

  get lastBatchId(): number | null {
    const last = (this.wal.lastBatchId ?? -1) - (this.#pending ? 1 : 0);
    return last < 0 ? null : last;
  }

  /** The batch to run next, in the log before this returns; undefined when nothing is new. @throws spark.*, engine.fenced */
  async next(signal: AbortSignal): Promise<number | undefined> {
    if (this.#pending) return this.#pending.batchId;
    const { clock } = this.around;
    const began = clock.now();
    const input = await this.#versions(signal);
    if (input === undefined) return undefined;
    const offsets: Offsets<Versions> = {
      format: walFormat,
      queryId: this.wal.queryId,
      batchId: (this.wal.lastBatchId ?? -1) + 1,
      plannedAt: clock.now(),
      options: { ...this.definition.stamp },
      model: null,
      input,
    };
    if ((await this.wal.plan(offsets)) === 'exists') throw fenced(this.wal.storage.root, offsets.batchId);
    this.#pending = offsets;
    this.#listMs = clock.now() - began;
    return offsets.batchId;
  }

  /** Runs the pending batch. @throws spark.* */
  async run(signal: AbortSignal): Promise<BatchProgress> {
    const { batchId, input } = this.#pending!;
    const { clock, context, runId } = this.around;
    const { name, plan } = this.definition;
    const startedAt = clock.now();
    const rows = this.#rowsSql(input);
    const [posts] = await this.session.rows(
      `SELECT count(DISTINCT source, post_id) AS n FROM ${this.#inputSql(input)}`,
      { signal },
    );
    const readMs = clock.now() - startedAt;
    const target = deltaTable(context.places.table(plan.sink.table));
    await this.session.setConf(txnConf(this.wal.queryId, batchId));
    try {
      await this.session.sql(
        input.from === null ? overwriteSql(plan, target, rows) : mergeSql(plan, target, rows),
        { signal },
      );
    } finally {
      await this.session.unsetConf(...Object.keys(txnConf('', 0))).catch(() => undefined);
    }
    const [commit] = await newestCommits(this.session, context.places.table(plan.sink.table), 1);
    await this.wal.commit(batchId, commit?.version ?? null);
    this.#pending = undefined;
    this.#mergedTo = input.to;
    await this.wal.trim(this.wal.lastBatchId ?? 0).catch(() => undefined);
    const duration = clock.now() - startedAt;
    const output = Number(posts?.n ?? 0);
    return {
      stream: name,
      run_id: runId,
      batch_id: batchId,
      started_at: startedAt,
      input_posts: output,
      output_posts: output,
      output_rows: rowsChanged(commit?.metrics ?? new Map()),
      dropped_posts: 0,
      quarantined_posts: 0,
      superseded_posts: 0,
      ...unmeasured,
      duration_ms: duration + this.#listMs,
      list_ms: this.#listMs,
      read_ms: readMs,
      transform_ms: duration - readMs,
      table_version: commit?.version ?? 0,
    };
  }

  async #restore(): Promise<void> {
    const last = this.wal.lastBatchId;
    if (last === undefined) return;
    const offsets = (await this.wal.readOffsets(last)) as Offsets<Versions>;
    if ((await this.wal.readCommit(last)) === undefined) this.#pending = offsets;
    else this.#mergedTo = offsets.input.to;
  }

  /** What the next batch reads; undefined when the input gained nothing. */
  async #versions(signal: AbortSignal): Promise<Versions | undefined> {
    const [newest] = await newestCommits(this.session, this.#input, 1);
    const to = newest?.version ?? -1;
    if (to <= this.#mergedTo) return undefined;
    if (this.wal.lastBatchId === undefined) return { kind: 'table', from: null, to };
    const from = this.#mergedTo + 1;
    const changes = await this.#changes(from, to, signal);
    if (changes.length === 0) {
      this.#mergedTo = to;
      return undefined;
    }
    return { kind: 'table', from: changes.every((type) => type === 'insert') ? from : null, to };
  }

  /** The kinds of change between two versions; `lost` where they can no longer be read. */
  async #changes(from: number, to: number, signal: AbortSignal): Promise<string[]> {
    try {
      const rows = await this.session.rows(
        `SELECT DISTINCT _change_type AS type FROM ${changesSql(this.#input, from, to)}`,
        { signal },
      );
      return rows.map(({ type }) => String(type));
    } catch (e) {
      if (isMurmurError(e) && /^DELTA_|FILE_NOT_EXIST|VERSION/.test(String(e.context.errorClass)))
        return ['lost'];
      throw e;
    }
  }

  #inputSql({ from, to }: Versions): string {
    if (from === null) return `${deltaTable(this.#input)} VERSION AS OF ${to}`;
    return `(SELECT * FROM ${changesSql(this.#input, from, to)} WHERE _change_type = 'insert')`;
  }

  #rowsSql(input: Versions): string {
    const { context } = this.around;
    const columns = contractOf(context, planInput(this.definition.plan)).fields.map(({ name }) => name);
    const compiled = compilePlan(this.definition, { source: this.#inputSql(input), columns, fansOut: true });
    return compiled.rows(`(${compiled.judged})`);
  }

  get #input(): string {
    return this.around.context.places.table(planInput(this.definition.plan));
  }
}

/** In a session with these settings a write is done once for the pair, however often it is asked for. */
function txnConf(appId: string, version: number): Record<string, string> {
  return {
    'spark.databricks.delta.write.txnAppId': appId,
    'spark.databricks.delta.write.txnVersion': String(version),
  };
}

function changesSql(path: string, from: number, to: number): string {
  return `table_changes(${quoted(deltaTable(path))}, ${from}, ${to})`;
}

function rowsChanged(metrics: ReadonlyMap<string, string>): number {
  const of = (name: string) => Number(metrics.get(name) ?? 0);
  return (
    of('numTargetRowsInserted') +
    of('numTargetRowsUpdated') +
    of('numOutputRows') * Number(!metrics.has('numTargetRowsInserted'))
  );
}
