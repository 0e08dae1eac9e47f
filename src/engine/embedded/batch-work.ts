/**
 * The work of one batch between its plan and its commit: load, then one step of the compiled plan after the other, each
 * materialised as a temporary relation. Nothing of it is visible to anyone else.
 */
import { faultPoint } from '../../base/fault-point.js';
import type { Scorer } from '../../scoring/scorer.js';
import type { ScoringReport } from '../engine.js';
import type { Expectation } from '../expectation.js';
import type { BatchModel, Offsets } from '../wal.js';
import { type CompiledPlan, ordColumn } from './compile.js';
import type { EmbeddedContext } from './context.js';
import type { BatchInput } from './input.js';
import { type FiredRule, judgeRows } from './judge-rows.js';
import { scoreTexts } from './score-texts.js';
import type { Stopwatch } from './stopwatch.js';
import { quarantineTable, type Relation, type Tally, type Workspace } from './workspace.js';

export type BatchStep = 'list' | 'read' | 'transform' | 'score' | 'write' | 'commit';

/** What stays the same from batch to batch. */
export interface BatchPlan {
  readonly stream: string;
  readonly compiled: CompiledPlan;
  readonly expectations: readonly Expectation[];
  readonly input: BatchInput;
  readonly space: Workspace;
  /** As in the context. */
  readonly scorer: (wanted: BatchModel | null) => Promise<Scorer>;
  readonly observe: EmbeddedContext['observe'];
}

export interface BatchOutcome {
  /** The rows to write. */
  relation: Relation;
  /** Its rows stand in the order of the input; DuckDB keeps it through everything but the join with the scores. */
  sorted: boolean;
  inputPosts: number;
  tally: Tally;
  /** Rows stand in `batch_quarantine`. */
  anyQuarantined: boolean;
  shares: Record<string, [among: number, hits: number]>;
  /** What happened to posts beyond their way through; by rule. */
  fired: FiredRule[];
  model: BatchModel | null;
  scoring?: ScoringReport;
}

/** @throws what reading, rules and scoring throw; engine.accounting */
export async function workBatch(
  plan: BatchPlan,
  offsets: Offsets,
  watch: Stopwatch<BatchStep>,
  signal: AbortSignal,
): Promise<BatchOutcome> {
  const { compiled, input, space } = plan;
  const batchTimeMs = offsets.plannedAt;
  watch.lap('read');
  await space.begin();
  const loaded = await input.load(space, offsets.input, { batchTimeMs, signal });
  faultPoint(`${plan.stream}.after_read`);

  watch.lap('transform');
  let { relation } = loaded;
  /** The last relation whose rows belong to posts. */
  let ofPosts = relation;
  /** A SELECT over `relation` that is computed together with the next step. */
  let unread: string | undefined;
  const outcome: Pick<BatchOutcome, 'shares' | 'fired' | 'model' | 'scoring'> = {
    shares: {},
    fired: [],
    model: null,
  };
  for (const [i, step] of compiled.steps.entries()) {
    signal.throwIfAborted();
    const before = relation;
    if (step.kind === 'select' || step.kind === 'aggregate') {
      const from = unread === undefined ? before.name : `(${unread})`;
      unread = undefined;
      const rowIsPost = before.rowIsPost && !(step.kind === 'select' && step.fansOut);
      relation = await space.relation(step.select(from, batchTimeMs), step.columns, rowIsPost);
      if (step.kind === 'aggregate') break;
      if (step.loses && relation.rows < before.rows)
        await space.lose(
          step.loses,
          `SELECT DISTINCT ${ordColumn} FROM ${before.name} ANTI JOIN ${relation.name} USING (${ordColumn})`,
        );
    } else if (step.kind === 'expect') {
      const { stream, expectations } = plan;
      const judged = await judgeRows(space, { stream, relation, origins: input.origins, expectations });
      ({ relation } = judged);
      Object.assign(outcome, { shares: judged.shares, fired: judged.fired });
    } else {
      watch.lap('score');
      const scorer = await plan.scorer(offsets.model);
      outcome.model = { id: scorer.model.id, digest: scorer.model.digest };
      const { text } = step;
      const scored = await scoreTexts(space, {
        relation,
        text,
        origins: input.origins,
        scorer,
        batchId: offsets.batchId,
        observe: plan.observe,
        batchTimeMs,
        signal,
      });
      unread = scored.select;
      if (scored.scoring) outcome.scoring = scored.scoring;
      watch.lap('transform');
      const next = compiled.steps[i + 1];
      if (next?.kind === 'select' && !next.loses) continue;
      relation = await space.relation(unread, step.columns, before.rowIsPost);
      unread = undefined;
    }
    ofPosts = relation;
    if (before !== relation) await space.drop(before);
  }
  const tally = await space.tally(loaded.posts, ofPosts);
  tally.outputRows = relation.rows;
  if (space.anyQuarantined) outcome.fired = [...outcome.fired.filter(kept), ...(await quarantinedBy(space))];
  const sorted = !compiled.steps.some(({ kind }) => kind === 'score');
  return {
    relation,
    sorted,
    inputPosts: loaded.posts,
    tally,
    anyQuarantined: space.anyQuarantined,
    ...outcome,
  };
}

function kept({ action }: FiredRule): boolean {
  return action !== 'quarantine';
}

/** What went to quarantine, rules of the source and the scorer included. */
async function quarantinedBy({ session }: Workspace): Promise<FiredRule[]> {
  const rows = await session.rows<{ rule: string; posts: number; reason: string }>(
    `SELECT rule, count(DISTINCT ${ordColumn}) AS posts, any_value(reason) AS reason FROM ${quarantineTable} GROUP BY rule`,
  );
  return rows.map(({ rule, posts, reason }) => ({
    rule,
    action: 'quarantine',
    posts,
    detail: `${reason}, in ${posts} ${posts === 1 ? 'post' : 'posts'}`,
  }));
}
