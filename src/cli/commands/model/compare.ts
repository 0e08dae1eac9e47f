import type { Command } from 'commander';
import { percent } from '../../../figures/percent.js';
import type { Comparison, Contestant } from '../../../operate/compare.js';
import type { Evaluation } from '../../../operate/evaluation.js';
import type { Cli } from '../../cli.js';
import { wholeNumber } from '../../option-values.js';
import { ProgressBar } from '../../progress-bar.js';
import { reportFile } from '../../report-file.js';
import { columns } from '../../text/columns.js';
import { count, plural } from '../../text/numbers.js';
import { oneLine } from '../../text/width.js';
import { bundleOf } from './bundle.js';
import { addDataOptions, type DataOptions, readData } from './labelled-data.js';
import { addLoggingOption, type LoggingOptions, logTo } from './logging.js';

interface CompareOptions extends DataOptions, LoggingOptions {
  data: string;
  html?: string;
  disagreements: number;
}

export function define(command: Command, cli: Cli): void {
  const verb = command
    .command('compare')
    .description(
      'Models side by side on the same labelled rows, and whether they differ by more than chance.',
    )
    .argument('<models...>', 'two or more of: bundled, lexicon, folders of bundles, models:/…, hf:…');
  addLoggingOption(addDataOptions(verb))
    .option('--html <file>', 'also write the report as one HTML file')
    .option('--disagreements <n>', 'most rows of disagreement to keep', wholeNumber, 100)
    .addHelpText(
      'after',
      '\nExample:\n  murmur model compare bundled lexicon --data tweets.tsv --html report.html',
    )
    .action((models: string[], options: CompareOptions) => compareModels(cli, verb, models, options));
}

async function compareModels(cli: Cli, verb: Command, models: string[], o: CompareOptions): Promise<void> {
  if (models.length < 2 || o.data === undefined) {
    verb.error('comparing takes two or more models and --data FILE', { code: 'commander.missingArgument' });
  }
  const { compare } = await import('../../../operate/compare.js');
  const { openScorer } = await import('../../../scoring/index.js');
  const report = await reportFile(cli, o.html);
  const { set, dataset } = await readData(cli, o);
  const contestants: Contestant[] = [];
  const progress = new ProgressBar(cli, 'scoring');
  try {
    for (const written of models)
      contestants.push({ written, scorer: await openScorer({ bundle: await bundleOf(cli, written) }) });
    const comparison = await compare(contestants, set, o.disagreements, (model, done, of) =>
      progress.update(done, of, `${count(done)} of ${plural(of, 'row')} by ${model}`),
    );
    progress.end();
    if (report !== undefined) {
      const { comparisonHtml } = await import('../../../operate/comparison-html.js');
      await report(comparisonHtml(comparison));
    }
    const about = { dataset, models: contestants.map(({ scorer }) => scorer.model) };
    const mlflow = await logTo(cli, o, (log, place) => log.logComparison(place, comparison, about));
    await cli.result({ ...comparison, mlflow }, () => shown(cli, comparison));
  } finally {
    progress.end();
    await Promise.all(contestants.map(({ scorer }) => scorer.close()));
  }
}

function shown(cli: Cli, { models, pairs, disagreements }: Comparison): string {
  const { paint, width } = cli.terminal;
  const row = (name: string, of: (e: Evaluation) => string) => [name, ...models.map(of)];
  const measures = columns(
    [{ name: '', whole: true }, ...models.map(({ model: name }) => ({ name, align: 'right' as const }))],
    [
      row('accuracy', (e) => percent(e.accuracy)),
      row('macro recall', (e) => percent(e.macro_recall)),
      row('macro F1', (e) => percent(e.macro_f1)),
      row('F1 positive', (e) => percent(e.f1_positive)),
      row('ROC AUC', (e) => e.roc_auc?.toFixed(4) ?? '–'),
      row('ECE', (e) => percent(e.ece)),
      ...(models[0]?.per_class ?? []).map(({ label }, i) =>
        row(`recall ${label}`, (e) => percent(e.per_class[i]!.recall)),
      ),
    ],
    { paint, width },
  );
  const verdicts = pairs.map(({ a, b, verdict, agreement, p, only_a_right, only_b_right }) =>
    agreement === 1
      ? verdict
      : `${verdict}: they agree on ${percent(agreement)}; ${a} alone is right on ${count(only_a_right)}, ${b} alone on ${plural(only_b_right, 'row')}; McNemar p ${p < 0.0001 ? '< 0.0001' : `= ${p.toFixed(4)}`}`,
  );
  const examples = columns(
    [{ name: 'label', whole: true }, ...models.map(({ model: name }) => ({ name })), { name: 'text' }],
    disagreements
      .slice(0, 10)
      .map(({ actual, predictions, text }) => [
        actual,
        ...models.map(({ model }) => predictions[model]!.sentiment),
        oneLine(text),
      ]),
    { paint, width },
  );
  return [measures, verdicts.join('\n'), ...(disagreements.length === 0 ? [] : [examples])].join('\n\n');
}
