import type { AddFile, DataFile } from '../../src/delta/actions.js';
import { encodePath } from '../../src/delta/index.js';
import type { ScanTarget } from '../../src/duck/index.js';
import type { StructType } from '../../src/schema/column-types.js';

/** Files as a commit would list them. */
export function addsOf(files: readonly DataFile[]): AddFile[] {
  return files.map(({ path, numRecords: _, ...file }) => ({
    ...file,
    path: encodePath(path),
    dataChange: true,
  }));
}

/** What a scan sees of a table that holds these files. */
export function liveTable(
  schema: StructType,
  files: readonly DataFile[],
  partitionColumns: string[] = [],
): ScanTarget {
  return { schema, files: addsOf(files), metadata: { partitionColumns, configuration: {} } };
}
