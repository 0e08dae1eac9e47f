/**
 * The command that scores posts in Spark's Python workers. It carries the Python source itself, because modules that are
 * uploaded to a session are not found by the workers of a streaming query; a worker runs the source once and keeps the
 * loaded model for as long as it lives.
 */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { MurmurError } from '../../../base/errors.js';
import { packageRoot } from '../../../base/package-root.js';
import { column, type StructField } from '../../../schema/column-types.js';
import { ddlOf } from '../ddl.js';
import { call, dictionary, pickled, text } from './pickle.js';

/** Where the workers find the bundle: a folder that all of them see, a file of the session, or MLflow's registry. */
export type BundleOnWorkers =
  | { readonly path: string }
  /** The name that `bundleArtifact` gave it, uploaded as `files/NAME`. */
  | { readonly artifact: string }
  /** `models:/NAME/VERSION`; the workers need the package mlflow, and rights of their own. */
  | { readonly mlflow: string; readonly tracking?: string };

export interface ScorerCommandOptions {
  bundle: BundleOnWorkers;
  /** What the workers must load: `name/version`, and the digest of the bundle. */
  model: { readonly id: string; readonly digest: string };
  /**
   * Columns of the relation that the result keeps, in their order. `scored_at` must be among them: the batch's time
   * (`current_timestamp()`), which a replay of the batch gives again.
   */
  columns: readonly StructField[];
  /** The column to score; a null is scored like an empty text. */
  text: string;
  /** Adds `worker` (host:process) and `loads` (bundles that this process has loaded). Default false. */
  worker?: boolean;
}

export interface ScorerCommand {
  /** For `mapArrow`. */
  command: Uint8Array;
  /** The result's type: the columns kept, predicted_score (0–100), predicted_sentiment, model. */
  ddl: string;
}

/** The Python version that a command names at first; where the workers have another, `workerVersions` tells which. */
export const assumedPython = '3.11';

/** The sources in the order in which they are run in one module. */
const sources = { 'murmur_pyfunc.py': 'pyfunc', 'murmur_spark.py': 'spark' };

/** Makes the module of the sources, once a process. */
const bootstrap = `\
import platform, sys, types
if name not in sys.modules:
    module = types.ModuleType(name)
    for file, source in sources.items():
        try:
            exec(compile(source, file, 'exec'), module.__dict__)
        except ImportError as fault:
            where = f'{sys.executable}, Python {platform.python_version()}'
            raise RuntimeError(f'MURMUR_MISSING_PACKAGE {fault.name} ({where}): {fault}') from None
    sys.modules[name] = module
`;

/** @throws spark.scorer_columns (internal) when the relation lacks the text or the batch's time */
export async function scorerCommand(options: ScorerCommandOptions): Promise<ScorerCommand> {
  const { bundle, model, columns, worker = false } = options;
  const names = columns.map(({ name }) => name);
  for (const needed of [options.text, 'scored_at']) {
    if (names.includes(needed)) continue;
    throw new MurmurError('spark.scorer_columns', `scoring a relation without ${needed}`, {
      fault: 'internal',
    });
  }
  const code = await Promise.all(
    Object.entries(sources).map(async ([file, folder]) => {
      const source = await readFile(join(packageRoot(), 'models', folder, file), 'utf8');
      return [file, text(source)] as const;
    }),
  );
  const module = `murmur_${createHash('sha256')
    .update(Buffer.concat(code.map(([, source]) => source)))
    .digest('hex')
    .slice(0, 16)}`;
  const parameters = {
    bundle,
    model: { id: model.id, digest: model.digest },
    columns: names,
    text: options.text,
    worker,
  };
  return {
    command: pickled(
      call(
        'builtins',
        'exec',
        text(bootstrap),
        dictionary({ name: text(module), sources: dictionary(Object.fromEntries(code)) }),
      ),
      call(module, 'command', text(JSON.stringify(parameters))),
    ),
    ddl: ddlOf([...columns, ...added, ...(worker ? addedByWorkers : [])]),
  };
}

const added = [
  column('predicted_score', 'double'),
  column('predicted_sentiment', 'string'),
  column('model', 'string'),
];
const addedByWorkers = [column('worker', 'string'), column('loads', 'long')];
