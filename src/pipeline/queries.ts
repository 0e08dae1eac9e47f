/** The four streaming queries of a lake, from its spec: what an engine is asked to run. */
import type { TriggerOption } from '../config/units.js';
import type { QueryDefinition, QueryLimits, Trigger } from '../engine/engine.js';
import { type StreamName, streamNames } from '../posts/tables.js';
import { type CodeRules, rulesOf } from './expect-options.js';
import { medallion } from './medallion.js';
import { type LakeSpec, streamOptions } from './spec.js';

/** Posts in a batch where the spec does not say: gold's batches are short, so that scores appear soon. */
const defaultPosts: Readonly<Record<StreamName, number>> = {
  bronze: 5_000,
  silver: 5_000,
  gold: 2_000,
  application: 20_000,
};

/** Least time between batch starts of an `asap` trigger, in milliseconds. */
const minGap: Readonly<Record<StreamName, number>> = {
  bronze: 200,
  silver: 200,
  gold: 200,
  application: 2_000,
};

/** The limits of a stream's batches, and those that hold where nobody sets them. */
export function batchLimits(spec: LakeSpec, name: StreamName): { limits: QueryLimits; usual: QueryLimits } {
  const { max_posts, max_files, max_bytes } = spec.streams[name];
  const usual = streamOptions.parse({});
  return {
    limits: { posts: max_posts ?? defaultPosts[name], bytes: max_bytes, files: max_files },
    usual: { posts: defaultPosts[name], bytes: usual.max_bytes, files: usual.max_files },
  };
}

/**
 * @param until `idle`: everything that is there now, then the queries end
 * @param rules rules written as code, over those of the spec
 */
export function definePipelineQueries(
  spec: LakeSpec,
  until: 'stopped' | 'idle',
  rules: CodeRules = {},
): QueryDefinition[] {
  const plans = medallion({ neutralInTotal: spec.neutral.in_total });
  return streamNames.map((name) => {
    const { trigger } = spec.streams[name];
    return {
      name,
      plan: plans[name],
      expectations: rulesOf(name, spec.expect[name], rules[name]),
      trigger: until === 'idle' ? { kind: 'available-now' } : toTrigger(trigger, minGap[name]),
      limits: batchLimits(spec, name).limits,
      stamp: stampOf(name, spec),
    };
  });
}

function toTrigger(option: TriggerOption, minGapMs: number): Trigger {
  return option.kind === 'asap' ? { kind: 'asap', minGapMs } : option;
}

/** Options that change what rows mean: another value needs tables made anew. */
function stampOf(name: StreamName, { mentions, neutral }: LakeSpec): Record<string, string> {
  if (name === 'silver') return { mentions };
  if (name === 'gold') return { neutralId: String(neutral.id) };
  if (name === 'application') return { neutralInTotal: String(neutral.in_total) };
  return {};
}
