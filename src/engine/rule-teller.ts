/** What becomes of broken rules: `warn` is told once a breach, `fail` ends the query. */
import type { Clock } from '../base/clock.js';
import { isMurmurError, MurmurError } from '../base/errors.js';
import type { QueryEvent } from './engine.js';
import type { Verdict } from './layer-window.js';

export class RuleTeller {
  /** Rules with `warn` that were broken at the last look. */
  #warned = new Set<string>();

  constructor(
    readonly stream: string,
    readonly clock: Clock,
    readonly emit: (event: QueryEvent) => void,
  ) {}

  /** @throws engine.rule_failed (user) for a broken rule with `fail` */
  act(verdicts: readonly Verdict[]): void {
    const failed = verdicts.find(({ rule }) => rule.action === 'fail');
    if (failed) {
      const { name, layers } = failed.rule;
      throw new MurmurError('engine.rule_failed', `rule "${name}" (${layers}): ${failed.detail}`, {
        fault: 'user',
        fix: 'look at what the layer lost (`murmur table head`), correct its cause or the rule under `expect` in murmur.yaml',
        context: { rule: name, layers, posts: failed.posts },
      });
    }
    for (const { rule, posts, detail } of verdicts)
      if (!this.#warned.has(rule.name)) this.tell(rule.name, rule.action, posts, detail);
    this.#warned = new Set(verdicts.map(({ rule }) => rule.name));
  }

  /** Gives the error back; a rule that fails is an event too. */
  toldFailure(error: unknown): unknown {
    if (isMurmurError(error, 'engine.rule_failed'))
      this.tell(String(error.context.rule), 'fail', Number(error.context.posts), error.message);
    return error;
  }

  tell(rule: string, action: string, posts: number, detail: string): void {
    this.emit({ type: 'rule_fired', stream: this.stream, rule, action, posts, detail, at: this.clock.now() });
  }
}
