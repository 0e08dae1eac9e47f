import type { ParquetHandler } from '../delta/parquet-handler.js';
import type { DuckDatabase } from './database.js';
import { DuckParquetHandler } from './parquet-handler.js';

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
