/** The rows of one version of a table in bounded batches, the same ones whenever they are asked for. */
import { type AddFile, recordsIn } from '../../delta/index.js';

/** Some files whole, or some rows of one file. */
export interface RowBatch {
  files: readonly AddFile[];
  /** Of a single file: numbers of its rows, from 0, the end exclusive. */
  rows?: { from: number; to: number };
  /** As the log counts them. */
  count: number;
}

/**
 * Files in path order, as many together as have `batchRows` rows; a larger file is cut. One whose rows nobody has counted is a
 * batch of its own.
 */
export function rowBatches(files: readonly AddFile[], batchRows: number): RowBatch[] {
  const batches: RowBatch[] = [];
  let gathered: AddFile[] = [];
  let count = 0;
  const end = () => {
    if (gathered.length > 0) batches.push({ files: gathered, count });
    gathered = [];
    count = 0;
  };
  for (const file of [...files].sort((a, b) => (a.path < b.path ? -1 : 1))) {
    const records = recordsIn(file);
    if (records !== undefined && records <= batchRows) {
      if (count + records > batchRows) end();
      gathered.push(file);
      count += records;
      continue;
    }
    end();
    if (records === undefined) batches.push({ files: [file], count: 0 });
    // Deleted rows have numbers too: the last cut is open at its end.
    else
      for (let from = 0; from < records; from += batchRows) {
        const isLast = from + batchRows >= records;
        const to = isLast ? Number.MAX_SAFE_INTEGER : from + batchRows;
        batches.push({ files: [file], rows: { from, to }, count: Math.min(batchRows, records - from) });
      }
  }
  end();
  return batches;
}
