import { createInterface } from 'node:readline';
import type { Command } from 'commander';
import { MurmurError } from '../../base/errors.js';
import type { Score, Scorer } from '../../scoring/scorer.js';
import type { Cli } from '../cli.js';
import { pairs } from '../text/columns.js';
import { plural, span } from '../text/numbers.js';
import { oneLine } from '../text/width.js';
import { bundleOf } from './model/bundle.js';
import { define as defineCompare } from './model/compare.js';
import { define as defineEvaluate } from './model/evaluate.js';
import { define as defineImport } from './model/import.js';
import { define as defineRegistry } from './model/registry.js';
import { define as defineRescore } from './model/rescore.js';

interface ModelOptions {
  model?: string;
}

/** Lines of stdin that are scored together. */
const chunkLines = 512;

export function define(command: Command, cli: Cli): void {
  command.description('The model that scores posts: of this lake, or outside of a lake the bundled one.');
  command.addHelpText('after', '\nExample:\n  murmur model score "what a lovely day @ann"');
  verb('show', 'What the model is.', 'murmur model show').action((options: ModelOptions) =>
    show(cli, options),
  );
  verb(
    'verify',
    'Check its files and that it scores its golden texts exactly.',
    'murmur model verify',
  ).action((options: ModelOptions) => verify(cli, options));
  verb('score', 'Score a text, or every line of stdin.', 'cat texts.txt | murmur model score --json')
    .argument('[text]', 'the text; without it, lines of stdin')
    .action((text: string | undefined, options: ModelOptions) => score(cli, text, options));
  defineEvaluate(command, cli);
  defineCompare(command, cli);
  defineRescore(command, cli);
  defineImport(command, cli);
  defineRegistry(command, cli);

  function verb(name: string, description: string, example: string): Command {
    return command
      .command(name)
      .description(description)
      .option(
        '--model <bundle>',
        "bundled, lexicon, the folder of a bundle, or a name of MLflow's (models:/name@alias)",
      )
      .addHelpText('after', `\nExample:\n  ${example}`);
  }
}

async function show(cli: Cli, o: ModelOptions): Promise<void> {
  const name = await bundleOf(cli, o.model);
  const { bundleFolder, loadBundle, openScorer } = await import('../../scoring/index.js');
  if (name === 'lexicon') {
    const { model } = await openScorer({ bundle: name });
    return cli.result(model, () => `${model.id}: counts words; labels ${model.labels.join(', ')}`);
  }
  const bundle = typeof name === 'string' ? await loadBundle(await bundleFolder(name)) : name;
  const { model, config, folder } = bundle;
  const { max_tokens, preprocess, batching, tolerance } = config;
  await cli.result({ ...model, folder, max_tokens, preprocess, batching, tolerance }, () =>
    pairs(
      [
        ['model', model.id],
        ['folder', folder],
        ['labels', model.labels.join(', ')],
        ['tokens', `at most ${max_tokens}`],
        ['preprocess', preprocess.join(', ')],
        [
          'batching',
          batching === 'free' ? 'free: a score does not depend on its neighbours' : 'one text at a time',
        ],
        ['digest', model.digest],
      ],
      cli.terminal.paint,
    ),
  );
  cli.next('murmur model verify', 'that it scores here as it should');
}

async function verify(cli: Cli, o: ModelOptions): Promise<void> {
  const name = await bundleOf(cli, o.model);
  if (name === 'lexicon') {
    throw new MurmurError('cli.usage', 'verifying the lexicon: it has no bundle', { fault: 'user' });
  }
  const { verifyBundle } = await import('../../scoring/index.js');
  const began = performance.now();
  const report = await verifyBundle(name);
  await cli.result({ ok: true, ...report }, () => {
    const { model, cases, maxDifference, tolerance } = report;
    const how = `tokens exact, probabilities within ${maxDifference.toExponential(1)} (allowed ${tolerance})`;
    return `${model.id} is sound: files unaltered; ${plural(cases, 'golden text')}: ${how}; ${span(performance.now() - began)}`;
  });
}

async function score(cli: Cli, text: string | undefined, o: ModelOptions): Promise<void> {
  if (text === undefined && cli.terminal.stdin.isTTY) {
    throw new MurmurError('cli.usage', 'no text given', {
      fault: 'user',
      fix: 'murmur model score "some text", or pipe lines in',
    });
  }
  const { openScorer } = await import('../../scoring/index.js');
  const scorer = await openScorer({ bundle: await bundleOf(cli, o.model) });
  try {
    if (text !== undefined) await scoreAll(cli, scorer, [text]);
    else await scoreLines(cli, scorer);
  } finally {
    await scorer.close();
  }
}

async function scoreLines(cli: Cli, scorer: Scorer): Promise<void> {
  const lines = createInterface({ input: cli.terminal.stdin, crlfDelay: Number.POSITIVE_INFINITY });
  let chunk: string[] = [];
  for await (const line of lines) {
    chunk.push(line);
    if (chunk.length < chunkLines) continue;
    await scoreAll(cli, scorer, chunk);
    chunk = [];
  }
  await scoreAll(cli, scorer, chunk);
}

/** One line a text: JSON wherever a program reads it, aligned text where a person does. */
async function scoreAll(cli: Cli, scorer: Scorer, texts: readonly string[]): Promise<void> {
  if (texts.length === 0) return;
  const scores = await scorer.score(texts);
  const lines = texts.map((text, i) =>
    cli.json || !cli.terminal.resultsAreSeen
      ? jsonLine(scorer, text, scores[i]!)
      : shownLine(cli, text, scores[i]!),
  );
  await cli.terminal.print(lines.join('\n'));
}

function jsonLine({ model }: Scorer, text: string, { sentiment, score, probabilities }: Score): string {
  const byLabel = Object.fromEntries(model.labels.map((label, i) => [label, probabilities[i]!]));
  return JSON.stringify({ text, sentiment, score, probabilities: byLabel });
}

function shownLine(cli: Cli, text: string, { sentiment, score }: Score): string {
  const { paint } = cli.terminal;
  const colour = sentiment === 'positive' ? 'blue' : sentiment === 'negative' ? 'yellow' : 'dim';
  return `${paint(colour, sentiment.padEnd(8))}  ${score.toFixed(1).padStart(5)} %  ${oneLine(text)}`;
}
