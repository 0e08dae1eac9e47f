import { type Command, Option } from 'commander';
import { MurmurError } from '../../../base/errors.js';
import { percent } from '../../../figures/percent.js';
import type { OpenLake } from '../../../index.js';
import type { DatasetInput } from '../../../mlflow/index.js';
import type { RescoringReport } from '../../../operate/rescore/rescoring-report.js';
import type { Cli } from '../../cli.js';
import { wholeNumber } from '../../option-values.js';
import { ProgressBar } from '../../progress-bar.js';
import { reportFile } from '../../report-file.js';
import { columns, pairs } from '../../text/columns.js';
import { count, plural, span } from '../../text/numbers.js';
import { oneLine } from '../../text/width.js';
import { bundleOf } from './bundle.js';
import { addLoggingOption, type LoggingOptions, logTo } from './logging.js';

interface RescoreCommandOptions extends LoggingOptions {
  into: string;
  from?: 'gold' | 'silver';
  version?: number;
  html?: string;
}

export function define(command: Command, cli: Cli): void {
  addLoggingOption(
    command
      .command('rescore')
      .description(
        'Score what stands in gold with another model, into a table beside it, and say what changed. What is interrupted goes on where it stopped.',
      ),
  )
    .argument('<model>', 'bundled, lexicon, the folder of a bundle, or models:/…')
    .requiredOption('--into <table>', 'name of the new table; no part of the pipeline')
    .addOption(new Option('--from <table>', 'what is scored').choices(['gold', 'silver']))
    .option('--version <n>', 'as it was at this version', wholeNumber)
    .option('--html <file>', 'also write the report as one HTML file')
    .addHelpText('after', '\nExample:\n  murmur model rescore models:/sentiment/2 --into gold_v2')
    .action((model: string, options: RescoreCommandOptions) => rescoreWith(cli, model, options));
}

async function rescoreWith(
  cli: Cli,
  model: string,
  { html, mlflow: isLogged, ...o }: RescoreCommandOptions,
): Promise<void> {
  const { checkTargetName } = await import('../../../operate/rescore/target.js');
  checkTargetName(o.into);
  const writeReport = await reportFile(cli, html);
  const { rescore } = await import('../../../operate/rescore/rescore.js');
  const { rescoringReport } = await import('../../../operate/rescore/rescoring-report.js');
  const { openScorer } = await import('../../../scoring/index.js');
  const scorer = await openScorer({ bundle: await bundleOf(cli, model) });
  const bar = new ProgressBar(cli, `scoring ${o.into}`);
  const ending = new AbortController();
  const giveBack = cli.interrupts.take(() => {
    if (ending.signal.aborted) cli.interrupts.exitNow();
    ending.abort(stopped(model, o.into));
  });
  try {
    await cli.withLake(async (lake) => {
      const rescored = await rescore(lake, scorer, {
        ...o,
        signal: ending.signal,
        onProgress: (done, of) => bar.update(done, of, `${count(done)} of ${plural(of, 'row')}`),
      }).finally(() => bar.end());
      const report = await rescoringReport(lake, rescored);
      if (writeReport !== undefined) {
        const { rescoringHtml } = await import('../../../operate/rescore/rescoring-html.js');
        await writeReport(rescoringHtml(report));
      }
      const mlflow = await logTo(cli, { mlflow: isLogged }, async (_, place) => {
        const { logRescoring } = await import('../../../operate/rescore/rescoring-log.js');
        const dataset = await scoredTable(lake, report);
        return logRescoring(place, report, { written: model, model: scorer.model, dataset });
      });
      await cli.result({ ...report, mlflow }, () => shown(cli, report));
    });
    cli.next(`murmur model evaluate --table ${o.into}`, 'how right it is, where posts have labels');
  } finally {
    giveBack();
    await scorer.close();
  }
}

async function scoredTable({ lake }: OpenLake, { from, version }: RescoringReport): Promise<DatasetInput> {
  const { tableDataset } = await import('../../../pipeline/tracking/table-dataset.js');
  return (await tableDataset(lake.table(from), 'rescoring', version))!;
}

function stopped(model: string, into: string): MurmurError {
  return new MurmurError('cli.stopped', `rescoring into ${into}: stopped`, {
    fault: 'user',
    fix: `it goes on with the same command: murmur model rescore ${model} --into ${into}`,
  });
}

function shown(cli: Cli, r: RescoringReport): string {
  const { paint, width } = cli.terminal;
  const number = (name: string) => ({ name, align: 'right' as const });
  const head = pairs(
    [
      ['table', `${r.into}, ${plural(r.rows, 'row')} of ${r.from} at version ${r.version}`],
      ['model', r.model],
      [
        'took',
        `${span(r.seconds * 1000)}${r.resumed_rows > 0 ? `, ${plural(r.resumed_rows, 'row')} were there` : ''}`,
      ],
      ...(r.against === null
        ? []
        : ([['agree', `${percent(r.agreement)} of ${plural(r.posts, 'post')} scored by both`]] as [
            string,
            string,
          ][])),
      ...[...(r.measured?.old ?? []), ...(r.measured?.new ?? [])].map((m): [string, string] => [
        'measured',
        `${m.model}: macro recall ${percent(m.macro_recall)}, accuracy ${percent(m.accuracy)} on ${plural(m.evaluated, 'post')} with a label`,
      ]),
    ],
    paint,
  );
  const parts = [head];
  if (r.changes !== null) {
    const { labels, counts } = r.changes;
    parts.push(
      columns(
        [{ name: 'before \\ now', whole: true }, ...labels.map(number)],
        counts.map((row, i) => [labels[i]!, ...row.map(count)]),
        { paint, width },
      ),
    );
  }
  if (r.slices.length > 0) {
    parts.push(
      columns(
        [{ name: 'part', whole: true }, ...['posts', 'changed'].map(number)],
        r.slices.map((s) => [`${s.by}: ${s.slice}`, count(s.posts), percent(s.changed / s.posts)]),
        { paint, width },
      ),
    );
  }
  if (r.mentions.length > 0) {
    const balance = (m: Record<'negative' | 'neutral' | 'positive', number>) =>
      `${m.negative} / ${m.neutral} / ${m.positive}`;
    parts.push(
      columns(
        [{ name: 'mention' }, number('posts'), number('before −/0/+'), number('now −/0/+'), number('shift')],
        r.mentions
          .slice(0, 10)
          .map((m) => [`@${m.mention}`, count(m.posts), balance(m.old), balance(m.new), m.shift.toFixed(3)]),
        { paint, width },
      ),
    );
  }
  if (r.examples.length > 0) {
    parts.push(
      columns(
        [{ name: 'before', whole: true }, { name: 'now', whole: true }, { name: 'text' }],
        r.examples.slice(0, 10).map((e) => [e.old, e.new, oneLine(e.text)]),
        { paint, width },
      ),
    );
  }
  return parts.join('\n\n');
}
