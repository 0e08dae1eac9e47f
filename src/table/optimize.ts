/** Fewer, fuller files, or rows in Z-order; asked for by a person, who wants to know when others came between. */
import { MurmurError } from '../base/errors.js';
import { type OptimizeOptions, type OptimizeResult, optimize } from '../delta/optimize.js';
import { partitionFilter } from '../duck/partition-filter.js';
import type { TableContext } from './table-context.js';

export interface OptimizeQuery
  extends Pick<OptimizeOptions, 'targetSize' | 'zOrderBy' | 'batchBytes' | 'onProgress'> {
  /** A condition on partition columns, in SQL: only files of these partitions. */
  where?: string;
}

/** @throws delta.conflict (external) and what `optimize` throws; commits that were made before it stand */
export async function optimizeTable(
  { log, withSession }: TableContext,
  { where, ...options }: OptimizeQuery,
): Promise<OptimizeResult> {
  const snapshot = await log.update();
  const chosen =
    where === undefined
      ? {}
      : {
          where: {
            predicate: where,
            matches: await withSession((session) => partitionFilter(session, snapshot, where)),
          },
        };
  const result = await optimize(log, { ...options, ...chosen });
  if (result.conflict === undefined) return result;
  const { version, kind } = result.conflict;
  throw new MurmurError(
    'delta.conflict',
    `optimizing ${log.storage.root}: version ${version} changed files that were being rewritten (${kind})`,
    {
      fault: 'external',
      retry: 'backoff',
      fix: `try again; what was joined before (${result.filesRemoved} files) stays joined`,
      context: { root: log.storage.root, kind, version },
    },
  );
}
