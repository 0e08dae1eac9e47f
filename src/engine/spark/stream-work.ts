/**
 * A streaming query that Spark runs, looked after from here: started, watched, its batches counted, its layer rules judged.
 * Rows that a rule takes out go to the quarantine through a second query over the same input, which begins and ends with
 * the first. A row rule with `fail` ends the batch inside Spark; Spark tells of a batch when it is committed, so a layer rule
 * with `fail` ends the query behind it.
 */
import type { BatchProgress, QueryDefinition } from '../engine.js';
import { windowPosts } from '../expectation.js';
import { LayerWindow } from '../layer-window.js';
import { RuleTeller } from '../rule-teller.js';
import { batchProgress, didWork } from './batches.js';
import type { SparkSession, StreamingQuery, StreamProgress } from './connect/index.js';
import type { OpenedStream } from './open-stream.js';
import type { QueryLife, QueryWork } from './query-life.js';
import { isLost } from './session-keeper.js';
import { streamFault, takenOver } from './stream-fault.js';

const pollMs = 1_000;

export class StreamWork implements QueryWork {
  #window: LayerWindow;
  /** The newest batch that is counted. */
  #counted = -1;
  #rules: RuleTeller | undefined;
  /** This run has had the query in a session before. */
  #lived = false;

  constructor(
    readonly definition: QueryDefinition,
    readonly runId: string,
    /** Table, checkpoint and plan, made ready in a session; and the batches that are in the table and were never reported. */
    readonly open: (
      session: SparkSession,
    ) => Promise<{ opened: OpenedStream; unseen: BatchProgress | undefined }>,
    /** Told of those that an earlier run left behind. */
    readonly onLeftBehind: (batches: BatchProgress) => void,
  ) {
    this.#window = new LayerWindow(definition.expectations.filter((rule) => rule.kind === 'layer'));
  }

  async live(session: SparkSession, life: QueryLife): Promise<'stopped' | 'finished'> {
    const { clock, emit } = life.hooks;
    this.#rules ??= new RuleTeller(this.definition.name, clock, emit);
    const { opened, unseen } = await this.open(session);
    if (unseen !== undefined) {
      if (this.#lived) life.count(unseen);
      else this.onLeftBehind(unseen);
    }
    this.#lived = true;
    this.#counted = Math.max(this.#counted, opened.last.batchId);
    const [query, quarantine] = await opened.start();
    life.status.queryId = query.id;
    if (this.#counted >= 0) life.status.batchId = this.#counted;
    life.live.started();
    try {
      return await this.#watch(life, opened, query, quarantine);
    } catch (e) {
      if (!isLost(e)) await Promise.allSettled([query.stop(), quarantine?.stop()]);
      throw e;
    }
  }

  failing(error: unknown): unknown {
    return this.#rules?.toldFailure(error) ?? error;
  }

  async #watch(
    life: QueryLife,
    opened: OpenedStream,
    query: StreamingQuery,
    quarantine: StreamingQuery | undefined,
  ): Promise<'stopped' | 'finished'> {
    const both = quarantine === undefined ? [query] : [query, quarantine];
    for (;;) {
      const states = await life.patiently(() => Promise.all(both.map((each) => each.status())));
      await life.patiently(() => this.#report(life, opened, query));
      for (const [i, { isActive }] of states.entries()) if (!isActive) await this.#raise(life, both[i]!);
      if (states.every(({ isActive }) => !isActive)) {
        if (this.definition.trigger.kind !== 'available-now') throw takenOver(this.definition.name);
        this.#judge(windowPosts.atEnd);
        return 'finished';
      }
      if (life.stopping.aborted) {
        await this.#drain(life, both);
        await this.#report(life, opened, query);
        return 'stopped';
      }
      const busy = states[0]!.isTriggerActive && states[0]!.isDataAvailable;
      if (busy) life.live.set('running', `works on batch ${this.#counted + 1}`);
      else life.live.set('idle', 'waits for something new');
      await life.hooks.clock.sleep(pollMs, life.stopping);
    }
  }

  /** Counts the batches that are new in the query's reports. */
  async #report(life: QueryLife, opened: OpenedStream, query: StreamingQuery): Promise<void> {
    const reports = (await query.recentProgress()).filter((r) => didWork(r) && r.batchId > this.#counted);
    if (reports.length === 0) return;
    const versions = await opened.versions(reports.length);
    for (const report of reports) this.#count(life, opened, report, versions.get(report.batchId));
    this.#judge(windowPosts.running);
  }

  #count(life: QueryLife, opened: OpenedStream, report: StreamProgress, version: number | undefined): void {
    const { counts, shares, fired, newestEventMs } = opened.measured(report);
    this.#counted = report.batchId;
    this.#window.push({
      posts: counts.input_posts - counts.superseded_posts,
      kept: counts.output_posts,
      shares,
    });
    life.count(
      batchProgress(report, {
        stream: this.definition.name,
        runId: this.runId,
        counts,
        scores: opened.scores,
        newestEventMs,
        tableVersion: version ?? life.status.tableVersion ?? opened.begunBehind + 1,
      }),
    );
    for (const { rule, action, posts, detail } of fired) this.#rules!.tell(rule, action, posts, detail);
  }

  /** @throws engine.rule_failed (user) */
  #judge(minPosts: number): void {
    this.#rules!.act(this.#window.broken(minPosts));
  }

  /** @throws why a query that is no longer active failed, if it did */
  async #raise(life: QueryLife, query: StreamingQuery): Promise<void> {
    const error = await life.patiently(() => query.exception());
    if (error !== undefined) throw streamFault(this.definition.name, error);
  }

  /** Waits for running batches, then stops the queries. */
  async #drain({ drainMs, hooks: { clock } }: QueryLife, queries: readonly StreamingQuery[]): Promise<void> {
    const until = clock.now() + drainMs;
    for (;;) {
      const states = await Promise.all(queries.map((query) => query.status()));
      const busy = states.some((s) => s.isActive && s.isTriggerActive && s.isDataAvailable);
      if (!busy || clock.now() >= until) break;
      await clock.sleep(200);
    }
    await Promise.all(queries.map((query) => query.stop()));
  }
}
