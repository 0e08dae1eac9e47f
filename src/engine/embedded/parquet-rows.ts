import type { DuckDatabase } from '../../duck/index.js';
import { quoteString } from '../../duck/sql-text.js';

/** Counts the rows of a Parquet file from its footer, for sources that cannot open one. Rejects when it is none. */
export function parquetRowCounter(duck: DuckDatabase): (uri: string) => Promise<number> {
  return async (uri) => {
    const session = await duck.connect();
    try {
      return await session.scalar<number>(`SELECT num_rows FROM parquet_file_metadata(${quoteString(uri)})`);
    } finally {
      await session.close();
    }
  };
}
