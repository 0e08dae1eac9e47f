import { dirname, join } from 'node:path';
import type { Command } from 'commander';
import { MurmurError } from '../../../base/errors.js';
import type { ImportedModel } from '../../../pipeline/model/import-model.js';
import type { Cli } from '../../cli.js';
import { nameList, wholeNumber } from '../../option-values.js';
import { ProgressBar } from '../../progress-bar.js';
import { pairs } from '../../text/columns.js';
import { plural, size } from '../../text/numbers.js';

interface ImportOptions {
  name?: string;
  to?: string;
  labels?: string;
  onnx?: string;
  maxTokens?: number;
  preprocess?: string[];
}

export function define(command: Command, cli: Cli): void {
  command
    .command('import')
    .description('Make a verified bundle of a model from the Hugging Face hub, MLflow or a folder.')
    .argument(
      '<source>',
      'hf:OWNER/NAME[@REV], models:/NAME/3, models:/NAME@ALIAS, runs:/ID/PATH, or a folder',
    )
    .option('--name <name>', 'what the model is called here; default: its name there')
    .option('--to <dir>', 'the folder that is made; default: models/NAME of this lake')
    .option(
      '--labels <map>',
      'what its classes mean: POS=positive,NEG=negative, or negative,positive in their order',
    )
    .option('--onnx <which>', 'fp32, int8 or the path of an ONNX file there; default: fp32 if there is one')
    .option(
      '--max-tokens <n>',
      'tokens read of a text at most; default: what the model can read',
      wholeNumber,
    )
    .option(
      '--preprocess <steps>',
      'steps from a text to its input; default: html_unescape,fold_whitespace',
      nameList,
    )
    .addHelpText('after', '\nExample:\n  murmur model import hf:OWNER/NAME --name roberta')
    .action((source: string, options: ImportOptions) => importSource(cli, source, options));
}

async function importSource(cli: Cli, written: string, o: ImportOptions): Promise<void> {
  const { importModel } = await import('../../../pipeline/model/import-model.js');
  const { isHubUri } = await import('../../../hub/hub-uri.js');
  const { isModelUri } = await import('../../../mlflow/index.js');
  const isFar = isHubUri(written) || isModelUri(written);
  const bar = new ProgressBar(cli, `importing ${written}`);
  const imported = await importModel(isFar ? written : cli.path(written), {
    ...o,
    to: o.to === undefined ? undefined : cli.path(o.to),
    models: modelsFolder(cli, o),
    openMlflow: await mlflowOpener(cli, isModelUri(written)),
    env: cli.env,
    onProgress: (done, total) => bar.update(done, total, `${size(done)} of ${size(total)}`),
  }).finally(() => bar.end());
  await cli.result(importedJson(imported), () => importedText(cli, imported));
  cli.next(`murmur model evaluate ${imported.folder} --data FILE`, 'how good it is on labelled texts');
}

function modelsFolder(cli: Cli, { to }: ImportOptions): string {
  const lake = cli.findLakeDir();
  if (to !== undefined) return dirname(cli.path(to));
  if (lake !== undefined) return join(cli.lakeDir(), 'models');
  throw new MurmurError('cli.usage', 'importing a model outside of a lake: where to is not said', {
    fault: 'user',
    fix: 'add --to DIR, or name a lake with -C DIR',
  });
}

/** The registry of this lake; outside of a lake the one that the environment names, else `mlruns/` of this folder. */
async function mlflowOpener(cli: Cli, isWanted: boolean) {
  const { openStore, trackingUri } = await import('../../../mlflow/index.js');
  const dir = cli.findLakeDir();
  const setting = isWanted && dir !== undefined ? await cli.withLake(async ({ spec }) => spec.mlflow) : '';
  return () => openStore(trackingUri(setting, cli.env), { folder: dir ?? cli.cwd, env: cli.env });
}

function importedJson({
  model,
  source,
  folder,
  isNew,
  cases,
  maxDifference,
  tolerance,
}: ImportedModel): object {
  return { ok: true, model, source, folder, new: isNew, cases, max_difference: maxDifference, tolerance };
}

function importedText(cli: Cli, { model, folder, isNew, cases }: ImportedModel): string {
  return pairs(
    [
      ['model', model.id],
      ['folder', `${folder}${isNew ? '' : '  (was there already)'}`],
      ['labels', model.labels.join(', ')],
      ['digest', model.digest],
      ['verified', `files and ${plural(cases, 'golden text')}`],
    ],
    cli.terminal.paint,
  );
}
