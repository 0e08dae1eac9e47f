/** What Spark's Python workers report, in words that say what to do. */
import { type ErrorDetails, MurmurError } from '../../../base/errors.js';

/** What the Python of the workers must have; Arrow is Spark's own need. */
export const workerPackages = ['numpy', 'onnxruntime', 'pyarrow', 'pyyaml', 'tokenizers'];

/** Code in the worker's words → ours: what is wrong there, and what to do. */
const faults: Record<string, { code: string; what: string } & Pick<ErrorDetails, 'fault' | 'fix'>> = {
  MISSING_PACKAGE: {
    code: 'spark.worker_package_missing',
    what: "the Python of Spark's workers lacks a package",
    fault: 'external',
    fix: `on every worker: PYTHON -m pip install ${workerPackages.join(' ')} (and mlflow for models of a registry), where PYTHON is what PYSPARK_PYTHON names`,
  },
  BUNDLE_NOT_FOUND: {
    code: 'spark.bundle_missing',
    what: "Spark's workers do not find the model bundle",
    fault: 'external',
    fix: 'put the bundle where every worker finds it under the same path, or let Murmur send it',
  },
  BUNDLE_CHANGED: {
    code: 'spark.bundle_altered',
    what: "the model bundle on Spark's workers is not the one that was asked for",
    fault: 'external',
    fix: 'copy the bundle to the workers again; what they have must be what model: names here',
  },
  BUNDLE_INVALID: {
    code: 'spark.bundle_invalid',
    what: "Spark's workers cannot load the model bundle",
    fault: 'external',
    fix: `update the packages of the workers (${workerPackages.join(', ')}), and check the bundle with "murmur model verify"`,
  },
};

/**
 * The fault of a worker in what Spark reports of a failed call or stream: the messages of the whole chain of causes.
 * @returns undefined where it is about something else
 */
export function workerFault(report: string, cause?: unknown): MurmurError | undefined {
  const [, named, detail] = /\bMURMUR_([A-Z_]+) ([^\n]*)/.exec(report) ?? [];
  const known = faults[named ?? ''];
  if (known === undefined) return undefined;
  const { code, what, ...details } = known;
  return new MurmurError(code, `working on Spark: ${what}: ${detail}`, { ...details, cause });
}

/**
 * Versions (`3.11`) in Spark's PYTHON_VERSION_MISMATCH: a command names the one of the workers, and this is how to learn it.
 * Spark calls "driver" the side that sent the command.
 */
export function workerVersions(report: string): { worker: string; asked: string } | undefined {
  const [, worker, asked] =
    /PYTHON_VERSION_MISMATCH\][^\n]*?version: (\d+\.\d+) than that in driver: (\d+\.\d+)/.exec(report) ?? [];
  return worker === undefined || asked === undefined ? undefined : { worker, asked };
}
