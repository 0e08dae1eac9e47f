/**
 * The work of one batch between its plan and its commit: load, then one step of the compiled plan after the other, each
 * materialised as a temporary relation. Nothing of it is visible to anyone else.
 */
import { faultPoint } from '../../base/fault-point.js';
import type { DuckSession } from '../../duck/session.js';
import type { Scorer } from '../../scoring/scorer.js';
import type { Expectation } from '../expectation.js';
import { type CompiledPlan, ordColumn } from './compile.js';
import type { BatchInput } from './input.js';
import { type FiredRule, judgeRows } from './judge-rows.js';
import { scoreTexts } from './score-texts.js';
import type { Stopwatch } from './stopwatch.js';
import type { BatchModel, Offsets } from './wal.js';
import { inputRelation, quarantineTable, type Tally, Workspace } from './workspace.js';

export type BatchStep = 'list' | 'read' | 'transform' | 'score' | 'write' | 'commit';

/** What stays the same from batch to batch. */
export interface BatchPlan {
  readonly stream: string;
  readonly compiled: CompiledPlan;
  readonly expectations: readonly Expectation[];
  readonly input: BatchInput;
  readonly session: DuckSession;
  /** The scorer of a model, or of the current one when that model cannot be had. */
  readonly scorer: (wanted: BatchModel | null) => Promise<Scorer>;
}

export interface BatchOutcome {
  /** The relation of the rows to write. */
  relation: string;
  inputPosts: number;
  tally: Tally;
  /** Rows stand in `batch_quarantine`. */
  anyQuarantined: boolean;
  shares: Record<string, [among: number, hits: number]>;
  /** What happened to posts beyond their way through; by rule. */
  fired: FiredRule[];
  model: BatchModel | null;
}

/** @throws what reading, rules and scoring throw; engine.accounting */
export async function workBatch(
  plan: BatchPlan,
  offsets: Offsets,
  watch: Stopwatch<BatchStep>,
  signal: AbortSignal,
): Promise<BatchOutcome> {
  const { compiled, input } = plan;
  const batchTimeMs = offsets.plannedAt;
  watch.lap('read');
  const space = await Workspace.begin(plan.session);
  const inputPosts = await input.load(space, offsets.input, { batchTimeMs, signal });
  faultPoint(`${plan.stream}.after_read`);

  watch.lap('transform');
  const outcome = {
    shares: {} as BatchOutcome['shares'],
    fired: [] as FiredRule[],
    model: null as BatchModel | null,
  };
  let relation = inputRelation;
  /** The last relation whose rows belong to posts. */
  let ofPosts: { relation: string; columns: readonly string[] } = { relation, columns: input.columns };
  let { columns } = ofPosts;
  for (const step of compiled.steps) {
    signal.throwIfAborted();
    const before = relation;
    switch (step.kind) {
      case 'select':
        relation = await space.relation(step.select(before, batchTimeMs));
        if (step.loses)
          await space.lose(
            step.loses,
            `SELECT DISTINCT ${ordColumn} FROM ${before} ANTI JOIN ${relation} USING (${ordColumn})`,
          );
        break;
      case 'expect': {
        const judged = await judgeRows(space, {
          stream: plan.stream,
          relation: before,
          columns,
          inputColumns: input.columns,
          expectations: plan.expectations,
        });
        relation = judged.relation;
        Object.assign(outcome, { shares: judged.shares, fired: judged.fired });
        break;
      }
      case 'score': {
        watch.lap('score');
        const scorer = await plan.scorer(offsets.model);
        outcome.model = { id: scorer.model.id, digest: scorer.model.digest };
        relation = await scoreTexts(space, {
          relation: before,
          columns,
          text: step.text,
          inputColumns: input.columns,
          scorer,
          batchTimeMs,
          signal,
        });
        watch.lap('transform');
        break;
      }
      case 'aggregate':
        relation = await space.relation(step.select(before, batchTimeMs));
        break;
    }
    columns = step.columns;
    if (step.kind === 'aggregate') break;
    ofPosts = { relation, columns };
    // The input stays: it knows where each post came from.
    if (before !== relation && before !== inputRelation) await space.drop(before);
  }
  const tally = await space.tally(inputPosts, ofPosts.relation, ofPosts.columns);
  if (space.anyQuarantined) outcome.fired = [...outcome.fired.filter(kept), ...(await quarantinedBy(space))];
  return { relation, inputPosts, tally, anyQuarantined: space.anyQuarantined, ...outcome };
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
    detail: `${posts} posts: ${reason}`,
  }));
}
