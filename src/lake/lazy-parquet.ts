import type { ParquetHandler } from '../delta/index.js';
import type { DuckDatabase } from '../duck/database.js';
import { DuckParquetHandler } from '../duck/parquet-handler.js';

/** Parquet work on a database that is opened by the first piece of it: most questions are answered by the log alone. */
export function lazyParquet(database: () => Promise<DuckDatabase>): ParquetHandler {
  const handler = async () => new DuckParquetHandler(await database());
  return {
    readCheckpoint: async (storage, paths) => (await handler()).readCheckpoint(storage, paths),
    writeCheckpoint: async (storage, path, actions) =>
      (await handler()).writeCheckpoint(storage, path, actions),
    rewrite: async (request) => (await handler()).rewrite(request),
  };
}
