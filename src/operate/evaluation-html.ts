/** Evaluations as an HTML report. */
import { confusionSvg } from '../figures/confusion-svg.js';
import { percent } from '../figures/percent.js';
import type { Evaluation } from './evaluation.js';
import { escaped, reportPage, table } from './report-html.js';

/** @param evaluations several where several models scored the rows */
export function evaluationHtml(...evaluations: readonly Evaluation[]): string {
  return reportPage(evaluations.map(({ model }) => model).join(' / '), evaluations.map(chapter).join('\n'));
}

function chapter(evaluation: Evaluation): string {
  const { model, data, rows, evaluated, coverage, labels, per_class, confusion, slices } = evaluation;
  const measures: [string, number | null][] = [
    ['accuracy', evaluation.accuracy],
    ['macro recall', evaluation.macro_recall],
    ['macro precision', evaluation.macro_precision],
    ['macro F1', evaluation.macro_f1],
    ['F1 positive against negative', evaluation.f1_positive],
    ['ROC AUC', evaluation.roc_auc],
    ['expected calibration error', evaluation.ece],
  ];
  return `<h1>${escaped(model)}</h1>
<p class="note">${escaped(data)}: ${evaluated} of ${rows} rows (${percent(coverage)}) have a text and a label that means something; labels read as ${escaped(labels)}.</p>
${table(
  ['', ''],
  measures.map(([name, value]) => [name, percent(value)]),
)}
<h2>What was taken for what</h2>
<div class="matrices">${confusionSvg(confusion, { title: model })}</div>
<h2>By class</h2>
${table(
  ['class', 'rows', 'precision', 'recall', 'F1'],
  per_class.map((c) => [c.label, String(c.support), percent(c.precision), percent(c.recall), percent(c.f1)]),
)}
<h2>Parts of the rows</h2>
${table(
  ['by', 'part', 'rows', 'accuracy', 'macro recall', 'macro F1'],
  slices.map((s) => [
    s.by,
    escaped(s.slice),
    String(s.rows),
    percent(s.accuracy),
    percent(s.macro_recall),
    percent(s.macro_f1),
  ]),
)}`;
}
