/** Something tried on Spark's Python workers before a stream relies on it: it tells which Python they run, and what they lack. */
import { isMurmurError } from '../../../base/errors.js';
import { sparkExceptions } from '../connect/index.js';
import { workerFault, workerVersions } from './worker-fault.js';

/** The Python version that a command names at first; where the workers have another, `workerVersions` tells which. */
export const assumedPython = '3.11';

/**
 * What `tried` gives with the version of the workers.
 * @throws spark.worker_package_missing, spark.bundle_missing, spark.bundle_altered, spark.bundle_invalid (external)
 */
export async function onWorkers<T>(tried: (pythonVersion: string) => Promise<T>): Promise<T> {
  try {
    return await tried(assumedPython);
  } catch (e) {
    const versions = workerVersions(told(e));
    if (versions !== undefined && versions.worker !== assumedPython)
      return tried(versions.worker).catch(named);
    return named(e);
  }
}

function named(e: unknown): never {
  throw (isMurmurError(e) ? workerFault(told(e), e) : undefined) ?? e;
}

function told(e: unknown): string {
  return sparkExceptions(e)
    .map(({ message }) => message)
    .join('\n');
}
