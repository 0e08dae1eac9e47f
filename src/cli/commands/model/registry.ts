import type { Command } from 'commander';
import type { MlflowStore } from '../../../mlflow/index.js';
import type { AliasMove, ListedModel } from '../../../operate/model-registry.js';
import type { Cli } from '../../cli.js';
import { columns } from '../../text/columns.js';
import { ago } from '../../text/numbers.js';
import { bundleOf } from './bundle.js';

const defaultAlias = 'champion';
/** What of a version's metrics is worth a column, where it was measured. */
const shownMetrics = ['macro_recall', 'accuracy', 'macro_f1', 'coverage'];

/** The verbs on the registry of models: on the MLflow server of the lake, or in its `mlruns/`. */
export function define(command: Command, cli: Cli): void {
  command
    .command('ls')
    .description('Registered models: versions, aliases, metrics.')
    .addHelpText('after', '\nExample:\n  murmur model ls')
    .action(() => ls(cli));
  command
    .command('register')
    .description('Prove a bundle and make it the next version of a registered model.')
    .argument('<bundle>', 'bundled, or the folder of a bundle')
    .requiredOption('--name <name>', 'the registered model; made where it is not there')
    .option('--alias <alias>', 'point this alias at it, as "model promote" does')
    .addHelpText('after', '\nExample:\n  murmur model register ./my-model --name sentiment --alias champion')
    .action((bundle: string, o: { name: string; alias?: string }) => register(cli, bundle, o));
  command
    .command('promote')
    .description('Point an alias at a version; a stream that follows the alias takes it between two batches.')
    .argument('<name>', 'the registered model')
    .argument('<version>', 'its version')
    .option('--alias <alias>', 'the alias', defaultAlias)
    .addHelpText('after', '\nExample:\n  murmur model promote sentiment 3')
    .action((name: string, version: string, { alias }: { alias: string }) =>
      move(cli, ({ promote }, store) => promote(store, name, version, alias)),
    );
  command
    .command('rollback')
    .description('Point an alias at the version that it meant before; again, one further back.')
    .argument('<name>', 'the registered model')
    .option('--alias <alias>', 'the alias', defaultAlias)
    .addHelpText('after', '\nExample:\n  murmur model rollback sentiment')
    .action((name: string, { alias }: { alias: string }) =>
      move(cli, ({ rollback }, store) => rollback(store, name, alias)),
    );
}

type Registry = typeof import('../../../operate/model-registry.js');

async function withRegistry<T>(
  cli: Cli,
  work: (registry: Registry, store: MlflowStore) => Promise<T>,
): Promise<T> {
  const registry = await import('../../../operate/model-registry.js');
  const { openMlflow } = await import('../../../pipeline/mlflow.js');
  return cli.withLake(async ({ lake, spec, env }) => {
    const store = openMlflow(lake, spec, env);
    return work(registry, store).finally(() => store.close());
  });
}

async function ls(cli: Cli): Promise<void> {
  const models = await withRegistry(cli, ({ listModels }, store) => listModels(store));
  const value = models.map((model) => ({
    ...model,
    versions: model.versions.map((v) => ({ ...v, created_at: new Date(v.created_at).toISOString() })),
  }));
  await cli.result(value, () => listText(cli, models));
  if (models.length === 0)
    cli.next('murmur model register bundled --name sentiment --alias champion', 'the first version');
}

function listText(cli: Cli, models: readonly ListedModel[]): string {
  if (models.length === 0) return 'no registered models';
  const { paint, width } = cli.terminal;
  const measured = shownMetrics.filter((key) =>
    models.some(({ versions }) => versions.some(({ metrics }) => key in metrics)),
  );
  const rows = models.flatMap(({ name, versions }) =>
    versions.map(({ version, aliases, metrics, data, created_at }) => [
      `${name}/${version}`,
      aliases.map((alias) => `@${alias}`).join(' '),
      ...measured.map((key) => metrics[key]?.toFixed(4) ?? '–'),
      ...(measured.length === 0 ? [] : [data ?? '–']),
      ago(created_at, Date.now()),
    ]),
  );
  const head = [
    { name: 'model', whole: true },
    { name: 'aliases', whole: true },
    ...measured.map((name) => ({ name: name.replaceAll('_', ' '), align: 'right' as const })),
    ...(measured.length === 0 ? [] : [{ name: 'by the rows of' }]),
    { name: 'made' },
  ];
  return columns(head, rows, { paint, width });
}

async function register(
  cli: Cli,
  written: string,
  { name, alias }: { name: string; alias?: string },
): Promise<void> {
  const { bundleFolder, loadBundle } = await import('../../../scoring/index.js');
  const named = await bundleOf(cli, written);
  const bundle = typeof named === 'string' ? await loadBundle(await bundleFolder(named)) : named;
  const made = await withRegistry(cli, async ({ registerBundle, promote }, store) => {
    const { version, runId } = await registerBundle(store, bundle, { name });
    if (alias !== undefined) await promote(store, name, version, alias);
    return { name, version, run_id: runId ?? null, alias: alias ?? null, digest: bundle.model.digest };
  });
  await cli.result(made, () => {
    const called = alias === undefined ? '' : `, @${alias}`;
    return `${bundle.model.id} is now ${name}/${made.version}${called}`;
  });
  if (alias === undefined)
    cli.next(`murmur model promote ${name} ${made.version}`, 'streams that follow it take it');
}

async function move(
  cli: Cli,
  work: (registry: Registry, store: MlflowStore) => Promise<AliasMove>,
): Promise<void> {
  const moved = await withRegistry(cli, work);
  await cli.result(moved, () => {
    const { name, alias, from, to } = moved;
    if (from === to) return `${name}@${alias} is version ${to} already`;
    return `${name}@${alias} is now version ${to}${from === null ? '' : `, before it ${from}`}`;
  });
}
