/**
 * The rules that hold unless the user says otherwise. The layer rules are there because of one notebook: a regex lost
 * 99 % of its posts between two layers, and nobody saw it.
 */
import type { Expectation, LayerRule } from '../engine/expectation.js';
import type { StreamName } from '../posts/tables.js';

export const defaultRules: Readonly<Record<StreamName, readonly Expectation[]>> = {
  bronze: [{ kind: 'row', name: 'has text', rule: 'text is not null', action: 'quarantine' }],
  silver: [
    kept('bronze → silver'),
    share('mention_coverage', 'bronze → silver', 0.2, {
      among: "contains(text, '@')",
      hit: 'mentions is null or size(mentions) = 0',
    }),
    share('cleaned_text_empty', 'bronze → silver', 0.05, {
      among: "trim(text) <> ''",
      hit: "cleaned_text is null or cleaned_text = ''",
    }),
    share('timestamp_null', 'bronze → silver', 0.05, { among: 'true', hit: 'timestamp is null' }),
  ],
  gold: [kept('silver → gold')],
  application: [],
};

/** Of the posts that a layer reads, at least 99 % must give a row. */
function kept(layers: string): LayerRule {
  return { kind: 'layer', name: 'posts kept', layers, measure: 'kept', min: 0.99, action: 'fail' };
}

function share(
  name: string,
  layers: string,
  max: number,
  measure: { hit: string; among: string },
): LayerRule {
  return { kind: 'layer', name, layers, measure, max, action: 'fail' };
}
