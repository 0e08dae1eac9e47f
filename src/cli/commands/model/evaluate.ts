import type { Command } from 'commander';
import { MurmurError } from '../../../base/errors.js';
import type { TimedEvaluation } from '../../../operate/evaluate.js';
import type { Evaluation } from '../../../operate/evaluation.js';
import type { Cli } from '../../cli.js';
import { wholeNumber } from '../../option-values.js';
import { columns, pairs } from '../../text/columns.js';
import { count, plural, span } from '../../text/numbers.js';
import { bundleOf } from './bundle.js';
import { addDataOptions, type DataOptions, readData } from './labelled-data.js';
import { scoringProgress } from './scoring-progress.js';

interface EvaluateOptions extends DataOptions {
  table?: string;
  version?: number;
}

export function define(command: Command, cli: Cli): void {
  addDataOptions(
    command
      .command('evaluate')
      .description(
        'How good a model is on labelled rows: of a file, or those that a table holds as they were scored.',
      )
      .argument('[model]', 'bundled, lexicon, or the folder of a bundle; default: the one of this lake'),
  )
    .option('--table <name>', 'judge the scores that stand in this table, instead of a file')
    .option('--version <n>', 'with --table: as it was at this version', wholeNumber)
    .addHelpText('after', '\nExample:\n  murmur model evaluate --data tweets.tsv --json')
    .action((model: string | undefined, options: EvaluateOptions) => evaluateModel(cli, model, options));
}

async function evaluateModel(cli: Cli, model: string | undefined, o: EvaluateOptions): Promise<void> {
  if ((o.data === undefined) === (o.table === undefined)) {
    throw new MurmurError('cli.usage', 'a model is judged by rows: give --data FILE or --table NAME', {
      fault: 'user',
    });
  }
  const evaluations =
    o.table === undefined
      ? [await evaluateFile(cli, model, { ...o, data: o.data! })]
      : await evaluateTable(cli, o.table, o);
  await cli.result(evaluations.length === 1 ? evaluations[0] : evaluations, () =>
    evaluations.map((each) => shown(cli, each)).join('\n\n'),
  );
}

async function evaluateFile(
  cli: Cli,
  model: string | undefined,
  o: DataOptions & { data: string },
): Promise<TimedEvaluation> {
  const { evaluate } = await import('../../../operate/evaluate.js');
  const { openScorer } = await import('../../../scoring/index.js');
  const set = await readData(cli, o);
  const scorer = await openScorer({ bundle: await bundleOf(cli, model) });
  const progress = scoringProgress(cli);
  try {
    const { evaluation } = await evaluate(scorer, set, (done, of) =>
      progress.show(scorer.model.id, done, of),
    );
    return evaluation;
  } finally {
    progress.end();
    await scorer.close();
  }
}

/** One evaluation for each model whose scores stand in the table. */
async function evaluateTable(cli: Cli, table: string, o: EvaluateOptions): Promise<TimedEvaluation[]> {
  const { evaluateTable: evaluateScored } = await import('../../../operate/evaluate.js');
  return cli.withLake(async ({ lake, spec }) => {
    const { givenScheme } = await import('../../../posts/labels.js');
    const scheme = o.labels ?? (spec.labels === undefined ? undefined : givenScheme(spec.labels));
    await lake.namedTable(table);
    return evaluateScored(lake, table, o.version, scheme);
  });
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

export function percent(share: number | null): string {
  return share === null ? '–' : `${(share * 100).toFixed(1)} %`;
}
