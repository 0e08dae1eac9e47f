/**
 * One streaming query, opened: its table, checkpoint, input and compiled plan, and the batch it is at. The order of
 * things in a batch is the whole guarantee:
 *
 *     plan ─► offsets/N ─► work ─► quarantine commit ─► data commit ─► commits/N ─► tell
 *
 * What comes before the data commit is invisible and repeated after a crash; what comes after it is repeated if missing.
 */
import type { Clock } from '../../base/clock.js';
import { MurmurError } from '../../base/errors.js';
import { faultPoint } from '../../base/fault-point.js';
import type { BatchProgress, QueryDefinition, QueryEvent } from '../engine.js';
import { windowPosts } from '../expectation.js';
import { fenced } from '../fenced.js';
import type { LayerWindow } from '../layer-window.js';
import { RuleTeller } from '../rule-teller.js';
import { type Offsets, type WriteAheadLog, walFormat } from '../wal.js';
import { type CommitTarget, commitBatch, countsOf } from './batch-commit.js';
import { measureOf, progressOf } from './batch-report.js';
import { type BatchOutcome, type BatchPlan, type BatchStep, workBatch } from './batch-work.js';
import { newestBatches } from './commit-history.js';
import { Stopwatch } from './stopwatch.js';

export interface QueryParts {
  readonly definition: QueryDefinition;
  readonly clock: Clock;
  readonly wal: WriteAheadLog;
  readonly plan: BatchPlan;
  readonly target: CommitTarget;
  readonly window: LayerWindow;
  readonly emit: (event: QueryEvent) => void;
}

/** Of a model that takes the place of another: its first rows are there soon, and what is wrong with it shows on few. */
const firstPosts = 500;

export class StreamingQuery {
  /** Planned, in the log, and not yet known to be committed. */
  #pending: Offsets | undefined;
  /** Whether the input knows that the pending batch is planned. */
  #inputKnows = true;
  /** When the pending batch was begun, if this process planned it. */
  #begun: { at: number; listMs: number } | undefined;
  readonly #rules: RuleTeller;
  /** `name/version` of the model that scored the last batch. */
  #lastModel: string | undefined;

  constructor(
    readonly parts: QueryParts,
    /** The last batch of the log, when it may not be committed. */
    pending: Offsets | undefined,
    /** The model of the batch before it, if there was one. */
    lastModel: string | undefined,
  ) {
    this.#pending = pending;
    this.#lastModel = lastModel;
    this.#rules = new RuleTeller(parts.definition.name, parts.clock, parts.emit);
  }

  position(): { queryId: string; batchId: number | null; tableVersion: number | null } {
    const { wal, target } = this.parts;
    const last = (wal.lastBatchId ?? -1) - (this.#pending ? 1 : 0);
    return {
      queryId: wal.queryId,
      batchId: last < 0 ? null : last,
      tableVersion: target.table.snapshot.version,
    };
  }

  get idleLookMs(): number {
    return this.parts.plan.input.idleLookMs;
  }

  get waitSentence(): string {
    return this.parts.plan.input.waitSentence;
  }

  backlog() {
    return this.parts.plan.input.backlog();
  }

  watch(onHint: () => void): () => void {
    return this.parts.plan.input.watch(onHint);
  }

  /**
   * The batch to run next: the one that was planned and not committed, else a new one, in the log before this returns.
   * Undefined when nothing is new.
   * @throws engine.fenced (user) when another process planned it
   */
  async next(): Promise<{ batchId: number } | undefined> {
    if (this.#pending) return this.#tellInput(this.#pending);
    const { definition, clock, wal, plan } = this.parts;
    const at = clock.now();
    const watch = performance.now();
    const isNew = await plan.input.plan(definition.limits, this.#toEnd);
    if (!isNew) return undefined;
    const model = await this.#currentModel();
    const input = (await this.#firstOf(model)) ?? isNew;
    const offsets: Offsets = {
      format: walFormat,
      queryId: wal.queryId,
      batchId: (wal.lastBatchId ?? -1) + 1,
      plannedAt: clock.now(),
      options: { ...definition.stamp },
      model,
      input,
    };
    if ((await wal.plan(offsets)) === 'exists') throw fenced(wal.storage.root, offsets.batchId);
    this.#pending = offsets;
    this.#inputKnows = false;
    this.#begun = { at, listMs: performance.now() - watch };
    faultPoint(`${definition.name}.after_offsets`);
    return this.#tellInput(offsets);
  }

  /**
   * Runs the pending batch to its end.
   * @returns its progress; undefined when an earlier run had committed it
   * @throws engine.rule_failed, engine.fenced, engine.accounting, and what input and scorer throw
   */
  async run(signal: AbortSignal): Promise<BatchProgress | undefined> {
    const offsets = this.#pending;
    if (!offsets) throw new MurmurError('engine.nothing_planned', 'no batch to run', { fault: 'internal' });
    const { wal, target } = this.parts;
    const snapshot = await target.table.update();
    if ((snapshot.txnVersion(wal.queryId) ?? -1) >= offsets.batchId) return this.#settleCommitted(offsets);
    const interrupt = () => target.session.interrupt();
    signal.addEventListener('abort', interrupt);
    try {
      return await this.#workAndCommit(offsets, signal);
    } catch (e) {
      throw this.#rules.toldFailure(e);
    } finally {
      signal.removeEventListener('abort', interrupt);
    }
  }

  /** At the end of available-now smaller windows are judged too. @throws engine.rule_failed (user) */
  judgeEnd(): void {
    try {
      this.#rules.act(this.parts.window.broken(windowPosts.atEnd));
    } catch (e) {
      throw this.#rules.toldFailure(e);
    }
  }

  async close(): Promise<void> {
    const { plan, target } = this.parts;
    await plan.input.close();
    await target.session.close();
    // Checkpoints of the log are written beside the commits.
    await target.table.settled();
  }

  async #tellInput(offsets: Offsets): Promise<Offsets> {
    if (!this.#inputKnows) await this.parts.plan.input.planned(offsets.batchId, offsets.input);
    this.#inputKnows = true;
    return offsets;
  }

  async #workAndCommit(offsets: Offsets, signal: AbortSignal): Promise<BatchProgress> {
    const { clock, plan, target, window } = this.parts;
    const begun = this.#begun ?? { at: clock.now(), listMs: 0 };
    const watch = new Stopwatch<BatchStep>('list');
    const outcome = await workBatch(plan, offsets, watch, signal);
    const measure = measureOf({ counts: countsOf(outcome), shares: outcome.shares });
    this.#rules.act(window.broken(windowPosts.running, measure));
    const { report, version, timestamp } = await commitBatch(
      target,
      offsets,
      outcome,
      { startedAt: begun.at, listMs: begun.listMs, watch, now: () => clock.now() },
      { endOffset: plan.input.endOf(offsets.input), backlogFiles: plan.input.backlog().files },
      signal,
    );
    window.push(measure);
    await this.#settle(offsets.batchId, version);
    this.#tellRules(outcome);
    this.#noteModel(offsets.batchId, outcome.model?.id);
    return progressOf(report, { version, timestamp });
  }

  /** The table has the batch, the log does not know yet: a crash or failure came between. */
  async #settleCommitted({ batchId }: Offsets): Promise<BatchProgress | undefined> {
    const { wal, target, window } = this.parts;
    const batches = await newestBatches(target.table, wal.queryId, (found) =>
      found.some(({ report }) => report.batchId <= batchId),
    );
    const commit = batches.find(({ report }) => report.batchId === batchId);
    await this.#settle(batchId, commit?.version ?? null);
    this.#noteModel(batchId, commit?.report.model?.id);
    // What an earlier run committed is in the window since its opening, and was told by that run.
    if (commit?.report.runId !== target.runId) return undefined;
    window.push(measureOf(commit.report));
    return progressOf(commit.report, commit);
  }

  async #settle(batchId: number, tableVersion: number | null): Promise<void> {
    const { wal, plan, definition } = this.parts;
    await wal.commit(batchId, tableVersion);
    this.#pending = undefined;
    this.#begun = undefined;
    faultPoint(`${definition.name}.after_commits`);
    // What cannot be trimmed now is trimmed after the next batch; this one is done.
    await wal.trim(plan.input.neededFrom).catch(() => undefined);
  }

  #noteModel(batchId: number, model: string | undefined): void {
    const { emit, definition, clock } = this.parts;
    const from = this.#lastModel;
    this.#lastModel = model;
    if (model === undefined || from === undefined || model === from) return;
    emit({ type: 'model_changed', stream: definition.name, from, to: model, batchId, at: clock.now() });
  }

  #tellRules({ fired }: BatchOutcome): void {
    for (const { rule, action, posts, detail } of fired) this.#rules.tell(rule, action, posts, detail);
  }

  /** The input of a batch with which another model begins: a small one. Undefined where the model stays. */
  async #firstOf(model: Offsets['model']): Promise<Offsets['input'] | undefined> {
    const { plan, definition } = this.parts;
    if (model === null || this.#lastModel === undefined || model.id === this.#lastModel) return undefined;
    const posts = Math.min(definition.limits.posts, firstPosts);
    return plan.input.plan({ ...definition.limits, posts }, this.#toEnd);
  }

  get #toEnd(): boolean {
    return this.parts.definition.trigger.kind === 'available-now';
  }

  async #currentModel(): Promise<Offsets['model']> {
    const { plan } = this.parts;
    if (!plan.compiled.steps.some(({ kind }) => kind === 'score')) return null;
    const { id, digest } = (await plan.scorer(null)).model;
    return { id, digest };
  }
}
