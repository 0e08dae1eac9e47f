import type { Command } from 'commander';
import { MurmurError } from '../../../base/errors.js';
import { percent } from '../../../figures/percent.js';
import type { OpenLake } from '../../../index.js';
import type { DatasetInput } from '../../../mlflow/index.js';
import type { TimedEvaluation } from '../../../operate/evaluate.js';
import type { Evaluation } from '../../../operate/evaluation.js';
import type { Logged } from '../../../operate/evaluation-log.js';
import type { LabelScheme } from '../../../posts/labels.js';
import type { Cli } from '../../cli.js';
import { wholeNumber } from '../../option-values.js';
import { ProgressBar } from '../../progress-bar.js';
import { reportFile } from '../../report-file.js';
import { columns, pairs } from '../../text/columns.js';
import { count, plural, span } from '../../text/numbers.js';
import { bundleOf, writtenModel } from './bundle.js';
import { addDataOptions, type DataOptions, type LabelledData, readData } from './labelled-data.js';
import { addLoggingOption, type LoggingOptions, logTo } from './logging.js';

interface EvaluateOptions extends DataOptions, LoggingOptions {
  table?: string;
  version?: number;
  html?: string;
}

/** An evaluation, and what it was of. */
interface Judged {
  evaluation: TimedEvaluation;
  dataset: DatasetInput;
  /** Of a model that was asked to score; what stands in a table names itself. */
  digest?: string;
}

export function define(command: Command, cli: Cli): void {
  addLoggingOption(
    addDataOptions(
      command
        .command('evaluate')
        .description(
          'How good a model is on labelled rows: of a file, or of a table, as they were scored or scored anew by MODEL.',
        )
        .argument(
          '[model]',
          'bundled, lexicon, the folder of a bundle, or models:/…; default: the one of this lake, or with --table the scores that stand there',
        ),
    )
      .option('--table <name>', 'judge by the labelled posts of this table, instead of a file')
      .option('--version <n>', 'with --table: as it was at this version', wholeNumber)
      .option('--html <file>', 'also write the report as one HTML file'),
  )
    .addHelpText(
      'after',
      '\nExamples:\n  murmur model evaluate --data tweets.tsv --json\n  murmur model evaluate ./my-model --table gold --html report.html',
    )
    .action((model: string | undefined, options: EvaluateOptions) => evaluateModel(cli, model, options));
}

async function evaluateModel(cli: Cli, model: string | undefined, o: EvaluateOptions): Promise<void> {
  if ((o.data === undefined) === (o.table === undefined)) {
    throw new MurmurError('cli.usage', 'a model is judged by rows: give --data FILE or --table NAME', {
      fault: 'user',
    });
  }
  const report = await reportFile(cli, o.html);
  const judged =
    o.data !== undefined
      ? [await evaluateData(cli, model, await readData(cli, { ...o, data: o.data }))]
      : model === undefined
        ? await evaluateTable(cli, o.table!, o)
        : [await evaluateData(cli, model, await readTable(cli, o.table!, o))];
  if (report !== undefined) {
    const { evaluationHtml } = await import('../../../operate/evaluation-html.js');
    await report(evaluationHtml(...judged.map(({ evaluation }) => evaluation)));
  }
  const results: (TimedEvaluation & { mlflow: Logged | null })[] = [];
  const written = await writtenModel(cli, model);
  for (const { evaluation, ...about } of judged) {
    const mlflow = await logTo(cli, o, (log, place) =>
      log.logEvaluation(place, evaluation, { ...about, written }),
    );
    results.push({ ...evaluation, mlflow });
  }
  await cli.result(results.length === 1 ? results[0] : results, () =>
    results.map((each) => shown(cli, each)).join('\n\n'),
  );
}

async function evaluateData(
  cli: Cli,
  model: string | undefined,
  { set, dataset }: LabelledData,
): Promise<Judged> {
  const { evaluate } = await import('../../../operate/evaluate.js');
  const { openScorer } = await import('../../../scoring/index.js');
  const scorer = await openScorer({ bundle: await bundleOf(cli, model) });
  const progress = new ProgressBar(cli, `scoring by ${scorer.model.id}`);
  try {
    const { evaluation } = await evaluate(scorer, set, (done, of) =>
      progress.update(done, of, `${count(done)} of ${plural(of, 'row')}`),
    );
    return { evaluation, dataset, digest: scorer.model.digest };
  } finally {
    progress.end();
    await scorer.close();
  }
}

/** One evaluation for each model whose scores stand in the table. */
async function evaluateTable(cli: Cli, table: string, o: EvaluateOptions): Promise<Judged[]> {
  const { evaluateTable: evaluateScored } = await import('../../../operate/evaluate.js');
  return cli.withLake(async (lake) => {
    const dataset = await datasetOf(lake, table, o.version);
    const evaluations = await evaluateScored(lake.lake, table, o.version, await schemeOf(lake, o));
    return evaluations.map((evaluation) => ({ evaluation, dataset }));
  });
}

async function readTable(cli: Cli, table: string, o: EvaluateOptions): Promise<LabelledData> {
  const { labelledPosts } = await import('../../../operate/evaluate.js');
  return cli.withLake(async (lake) => {
    const dataset = await datasetOf(lake, table, o.version);
    return { set: await labelledPosts(lake.lake, table, o.version, await schemeOf(lake, o)), dataset };
  });
}

async function datasetOf({ lake }: OpenLake, table: string, version: number | undefined) {
  const { tableDataset } = await import('../../../pipeline/tracking/table-dataset.js');
  const dataset = await tableDataset(await lake.namedTable(table), 'evaluation', version);
  if (dataset !== undefined) return dataset;
  throw new MurmurError('operate.no_rows', `judging by ${table}: the table does not exist yet`, {
    fault: 'user',
    fix: 'murmur run --once',
  });
}

/** `--labels`, else what the lake says. */
async function schemeOf({ spec }: OpenLake, { labels }: EvaluateOptions): Promise<LabelScheme | undefined> {
  if (labels !== undefined || spec.labels === undefined) return labels;
  const { givenScheme } = await import('../../../posts/labels.js');
  return givenScheme(spec.labels);
}

function shown(cli: Cli, e: TimedEvaluation): string {
  const { paint, width } = cli.terminal;
  const left = Object.entries(e.not_evaluated).filter(([, rows]) => rows > 0);
  const why = left.map(([reason, rows]) => `${rows} ${reason.replace('_', ' ')}`).join(', ');
  const head = pairs(
    [
      ['model', e.model],
      [
        'rows',
        `${count(e.evaluated)} of ${plural(e.rows, 'row')} of ${e.data}${why === '' ? '' : ` (${why})`}`,
      ],
      ['coverage', percent(e.coverage)],
      ['labels', e.labels],
      ['accuracy', percent(e.accuracy)],
      ['macro recall', percent(e.macro_recall)],
      ['macro F1', percent(e.macro_f1)],
      ['F1 positive', `${percent(e.f1_positive)}  positive against negative`],
      [
        'ROC AUC',
        e.roc_auc === null ? 'not known: the table keeps one probability a row' : e.roc_auc.toFixed(4),
      ],
      ['ECE', percent(e.ece)],
      ...(e.seconds === null
        ? []
        : [
            ['scored in', `${span(e.seconds * 1000)}, ${(e.evaluated / e.seconds).toFixed(0)} rows/s`] as [
              string,
              string,
            ],
          ]),
    ],
    paint,
  );
  if (e.evaluated === 0) return head;
  const number = (name: string) => ({ name, align: 'right' as const });
  const classes = columns(
    [{ name: 'class', whole: true }, ...['rows', 'precision', 'recall', 'F1'].map(number)],
    e.per_class.map((c) => [
      c.label,
      count(c.support),
      percent(c.precision),
      percent(c.recall),
      percent(c.f1),
    ]),
    { paint, width },
  );
  const slices = columns(
    [{ name: 'part', whole: true }, ...['rows', 'accuracy', 'macro recall'].map(number)],
    e.slices.map((s) => [`${s.by}: ${s.slice}`, count(s.rows), percent(s.accuracy), percent(s.macro_recall)]),
    { paint, width },
  );
  return [head, classes, confusionText(cli, e), slices].join('\n\n');
}

function confusionText(cli: Cli, { confusion: { labels, counts } }: Evaluation): string {
  const { paint, width } = cli.terminal;
  return columns(
    [
      { name: 'actual \\ predicted', whole: true },
      ...labels.map((name) => ({ name, align: 'right' as const })),
    ],
    counts.map((row, i) => [labels[i]!, ...row.map(count)]),
    { paint, width },
  );
}
