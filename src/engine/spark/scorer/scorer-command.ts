/** The command that scores posts in Spark's Python workers. */
import { MurmurError } from '../../../base/errors.js';
import { column, type StructField } from '../../../schema/column-types.js';
import { ddlOf } from '../ddl.js';
import { pythonCommand } from '../python/python-command.js';

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

/** The sources in the order in which they are run in one module. */
const sources = ['pyfunc/murmur_pyfunc.py', 'spark/murmur_spark.py'];

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
  const parameters = {
    bundle,
    model: { id: model.id, digest: model.digest },
    columns: names,
    text: options.text,
    worker,
  };
  return {
    command: await pythonCommand(sources, parameters),
    ddl: ddlOf([...columns, ...added, ...(worker ? addedByWorkers : [])]),
  };
}

const added = [
  column('predicted_score', 'double'),
  column('predicted_sentiment', 'string'),
  column('model', 'string'),
];
const addedByWorkers = [column('worker', 'string'), column('loads', 'long')];
