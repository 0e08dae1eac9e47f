/** A comparison as an HTML report. */
import { confusionSvg } from '../figures/confusion-svg.js';
import { percent } from '../figures/percent.js';
import { sentiments } from '../posts/labels.js';
import type { Comparison } from './compare.js';
import type { Evaluation } from './evaluation.js';
import { escaped, reportPage, table } from './report-html.js';

const measures: readonly [keyof Evaluation, string][] = [
  ['accuracy', 'accuracy'],
  ['macro_recall', 'macro recall'],
  ['macro_precision', 'macro precision'],
  ['macro_f1', 'macro F1'],
  ['f1_positive', 'F1 positive against negative'],
  ['roc_auc', 'ROC AUC'],
  ['ece', 'expected calibration error'],
];

export function comparisonHtml({ data, rows, evaluated, models, pairs, disagreements }: Comparison): string {
  const names = models.map(({ model }) => model);
  return reportPage(
    names.join(' / '),
    `<h1>${escaped(names.join(' against '))}</h1>
<p class="note">${escaped(data)}: ${evaluated} of ${rows} rows have a text and a label that means something.</p>
${measuresTable(models)}
<h2>By more than chance?</h2>
${table(
  ['first', 'second', 'agree', 'only the first right', 'only the second right', "McNemar's p", ''],
  pairs.map((pair) => [
    escaped(pair.a),
    escaped(pair.b),
    percent(pair.agreement),
    String(pair.only_a_right),
    String(pair.only_b_right),
    pair.p < 0.0001 ? '< 0.0001' : pair.p.toFixed(4),
    escaped(pair.verdict),
  ]),
)}
<h2>What was taken for what</h2>
<div class="matrices">${models.map(({ confusion, model }) => confusionSvg(confusion, { title: model })).join('\n')}</div>
<h2>Recall by class</h2>
${table(
  ['class', 'rows', ...names.map(escaped)],
  sentiments.map((label, i) => [
    label,
    String(models[0]?.per_class[i]?.support ?? 0),
    ...models.map(({ per_class }) => percent(per_class[i]!.recall)),
  ]),
)}
<h2>Parts of the rows (macro recall)</h2>
${table(
  ['by', 'part', 'rows', ...names.map(escaped)],
  (models[0]?.slices ?? []).map((slice, i) => [
    slice.by,
    escaped(slice.slice),
    String(slice.rows),
    ...models.map(({ slices }) => percent(slices[i]!.macro_recall)),
  ]),
)}
<h2>Where they disagree</h2>
<p class="note">${disagreements.length} rows, those first on which the wrong one is surest.</p>
<table><tr><th>text</th><th>label</th>${names.map((name) => `<th>${escaped(name)}</th>`).join('')}</tr>
${disagreements
  .map(({ text, actual, predictions }) => {
    const said = names.map((name) => {
      const { sentiment, probability } = predictions[name]!;
      const how = sentiment === actual ? 'right' : 'wrong';
      return `<td class="${how}">${sentiment} ${percent(probability)}</td>`;
    });
    return `<tr><td>${escaped(text)}</td><td>${actual}</td>${said.join('')}</tr>`;
  })
  .join('\n')}
</table>`,
  );
}

function measuresTable(models: readonly Evaluation[]): string {
  const rows = measures.map(([key, name]) => {
    const values = models.map((model) => model[key] as number | null);
    const known = values.filter((value) => value !== null);
    const best = key === 'ece' ? Math.min(...known) : Math.max(...known);
    const cells = values.map(
      (value) => `<td class="n${value === best ? ' best' : ''}">${percent(value)}</td>`,
    );
    return `<tr><td>${name}</td>${cells.join('')}</tr>`;
  });
  const head = models.map(({ model }) => `<th>${escaped(model)}</th>`).join('');
  return `<table><tr><th></th>${head}</tr>${rows.join('\n')}</table>`;
}
