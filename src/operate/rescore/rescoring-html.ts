/** What a rescoring changed, as an HTML report. */
import { confusionSvg } from '../../figures/confusion-svg.js';
import { percent } from '../../figures/percent.js';
import { escaped, reportPage, table } from '../report-html.js';
import type { RescoringReport } from './rescoring-report.js';

export function rescoringHtml(report: RescoringReport): string {
  const { model, from, version, into, rows, posts, agreement, changes, slices, mentions, examples } = report;
  const share = (part: number, whole: number) => percent(whole === 0 ? null : part / whole);
  const moved = (shift: number) => `${shift > 0 ? '+' : '−'}${Math.abs(shift).toFixed(3)}`;
  const measured = report.measured === null ? [] : [...report.measured.old, ...report.measured.new];
  return reportPage(
    `${from} by ${model}`,
    `<h1>${escaped(from)} scored by ${escaped(model)}</h1>
<p class="note">${rows} rows of ${escaped(from)} at version ${version} are in ${escaped(into)}; of ${posts} posts that both have, the two say the same of ${percent(agreement)}.</p>
${
  changes === null
    ? ''
    : `<h2>What became what</h2>
<div class="matrices">${confusionSvg(changes, { title: model, axes: 'columns: now, rows: before' })}</div>`
}
${
  measured.length === 0
    ? ''
    : `<h2>By the labels of the posts</h2>
${table(
  ['model', 'posts with a label', 'accuracy', 'macro recall', 'macro F1', 'F1 positive against negative'],
  measured.map((m) => [
    escaped(m.model),
    String(m.evaluated),
    percent(m.accuracy),
    percent(m.macro_recall),
    percent(m.macro_f1),
    percent(m.f1_positive),
  ]),
)}`
}
<h2>Parts of the posts</h2>
${table(
  ['by', 'part', 'posts', 'changed'],
  slices.map((s) => [s.by, escaped(s.slice), String(s.posts), share(s.changed, s.posts)]),
)}
<h2>Who is seen differently</h2>
<p class="note">The balance is (positive − negative) / posts; those first where shift times posts is largest.</p>
${table(
  ['mention', 'posts', 'before (− / 0 / +)', 'now (− / 0 / +)', 'shift'],
  mentions.map((m) => [
    `@${escaped(m.mention)}`,
    String(m.posts),
    `${m.old.negative} / ${m.old.neutral} / ${m.old.positive}`,
    `${m.new.negative} / ${m.new.neutral} / ${m.new.positive}`,
    moved(m.shift),
  ]),
)}
<h2>Posts that changed</h2>
<p class="note">Those first of which ${escaped(model)} is surest.</p>
${table(
  ['text', 'before', 'now'],
  examples.map((e) => [
    escaped(e.text),
    `${e.old} ${percent(e.old_score / 100)}`,
    `${e.new} ${percent(e.new_score / 100)}`,
  ]),
)}`,
  );
}
