/** A rescoring as a run of MLflow: what was scored by which model, how often it says the same, and the report. */
import { confusionSvg } from '../../figures/confusion-svg.js';
import { type DatasetInput, svgPng } from '../../mlflow/index.js';
import { modelLink, modelParams } from '../../pipeline/tracking/model-link.js';
import type { ScorerModel } from '../../scoring/scorer.js';
import { type Logged, type LogPlace, logged } from '../evaluation-log.js';
import { rescoringHtml } from './rescoring-html.js';
import type { MeasuredModel, RescoringReport } from './rescoring-report.js';

/** @param about the model as it was named and found, and the table that was scored */
export function logRescoring(
  place: LogPlace,
  report: RescoringReport,
  about: { written: string; model: ScorerModel; dataset: DatasetInput },
): Promise<Logged> {
  const { written, model, dataset } = about;
  const { changes, measured } = report;
  return logged(place, 'rescoring', `rescore ${report.into} / ${report.model}`, async (log) => {
    log.params({
      ...{ data: dataset.name, data_digest: dataset.digest, into: report.into },
      ...{ model: written, ...modelParams(model) },
      ...(report.against === null
        ? {}
        : { against: `${report.against.table} version ${report.against.version}` }),
    });
    log.input(dataset);
    const link = await modelLink(place.store, written, model.id).catch(() => undefined);
    if (link !== undefined) log.tags({ 'murmur.model_uri': `models:/${link.name}/${link.version}` });
    log.metrics(
      {
        ...{ rows: report.rows, posts: report.posts },
        ...(report.agreement === null ? {} : { agreement: report.agreement }),
        ...metricsOf(measured?.old[0], 'before.'),
        ...metricsOf(measured?.new[0], ''),
      },
      {
        step: 0,
        dataset: { name: dataset.name, digest: dataset.digest },
        ...(link?.modelId === undefined ? {} : { modelId: link.modelId }),
      },
    );
    log.artifact('rescoring.json', JSON.stringify(report, null, 2));
    log.artifact('rescoring.html', rescoringHtml(report));
    if (changes === null) return;
    const look = { title: report.model, axes: 'columns: now, rows: before' };
    log.artifact('changes.json', JSON.stringify(changes, null, 2));
    log.artifact('changes.png', await svgPng(confusionSvg(changes, look)));
  });
}

/** Of the model that scored most. */
function metricsOf(measured: MeasuredModel | undefined, prefix: string): Record<string, number> {
  const entries = Object.entries(measured ?? {}).map(([name, value]) => [`${prefix}${name}`, value] as const);
  return Object.fromEntries(
    entries.filter((entry): entry is [string, number] => typeof entry[1] === 'number'),
  );
}
