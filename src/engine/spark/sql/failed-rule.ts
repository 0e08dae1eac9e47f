/**
 * A row rule with `fail`: the job itself raises at the first post that breaks it, so that nothing of the batch is committed.
 * What it raises names rule and post, and is known again in what Spark says of the failure.
 */
import { MurmurError } from '../../../base/errors.js';
import { quoted } from '../../../posts/sql/spark-literals.js';
import type { RowRule } from '../../expectation.js';
import { fileColumn, positionColumn, reasonOf } from './fate.js';

const mark = 'murmur.rule_failed';

interface FailedRule {
  rule: string;
  stream: string;
  reason: string;
  post_id?: string;
  source_file?: string;
  position?: number;
}

/** An expression without a value, over the rows at the rules. */
export function raiseSql(stream: string, rule: RowRule): string {
  const known: Required<Record<keyof FailedRule, string>> = {
    rule: quoted(rule.name),
    stream: quoted(stream),
    reason: quoted(reasonOf(rule)),
    post_id: 'post_id',
    source_file: fileColumn,
    position: positionColumn,
  };
  const fields = Object.entries(known).map(([name, value]) => `${value} AS ${name}`);
  return `raise_error(concat('${mark} ', to_json(struct(${fields.join(', ')}))))`;
}

/**
 * engine.rule_failed (user), if that is why a job failed.
 * @param told what Spark's exceptions say
 */
export function failedRule(told: string, cause: unknown): MurmurError | undefined {
  const found = new RegExp(`${mark.replace('.', '\\.')} (\\{.*\\})`).exec(told)?.[1];
  if (found === undefined) return undefined;
  const { rule, stream, reason, post_id, source_file, position } = JSON.parse(found) as FailedRule;
  const place = [source_file, position].filter((part) => part !== undefined).join(':');
  const post = `post ${post_id ?? 'without an id'}${place === '' ? '' : ` (${place})`}`;
  return new MurmurError('engine.rule_failed', `rule "${rule}" (${stream}): ${reason}, first in ${post}`, {
    fault: 'user',
    fix: 'correct the posts, or the rule under `expect` in murmur.yaml, and start again: the batch was not committed',
    // The job ends at the first one.
    context: { rule, stream, posts: 1 },
    cause,
  });
}
