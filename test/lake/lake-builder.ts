/** A lake with real tables, written through the same rooms as a pipeline's, without a pipeline. */
import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DeltaLog } from '../../src/delta/index.js';
import { DuckDatabase } from '../../src/duck/database.js';
import { DuckParquetHandler } from '../../src/duck/parquet-handler.js';
import { writeParquet } from '../../src/duck/write-parquet.js';
import { type TableName, tables } from '../../src/posts/tables.js';
import type { StructType } from '../../src/schema/column-types.js';
import { LocalStorage } from '../../src/storage/local.js';

export class LakeBuilder {
  readonly dir = realpathSync(mkdtempSync(join(tmpdir(), 'murmur-lake-')));

  private constructor(readonly database: DuckDatabase) {}

  static async open(): Promise<LakeBuilder> {
    return new LakeBuilder(await DuckDatabase.open());
  }

  /** Appends the rows of a query to a table of ours, made at the first time. @returns the version */
  async append(name: TableName, select: string, batchId?: number, murmur?: string): Promise<number> {
    return this.appendTo(name, tables[name], select, batchId, murmur);
  }

  /** @param murmur what the batch tells of itself in its commit */
  async appendTo(
    name: string,
    schema: StructType,
    select: string,
    batchId?: number,
    murmur = JSON.stringify({ batch: batchId }),
  ): Promise<number> {
    const table = await this.table(name, schema);
    const files = await this.write(table, select);
    const transaction = table.begin();
    for (const file of files) transaction.add(file);
    if (batchId !== undefined) transaction.txn(`query-of-${name}`, batchId);
    const result = await transaction.commit({ operation: 'WRITE', murmur });
    if (result.outcome !== 'committed') throw new Error('lost a race with nobody');
    return result.version;
  }

  /** Replaces every row. */
  async overwrite(name: TableName, select: string): Promise<void> {
    const table = await this.table(name, tables[name]);
    const files = await this.write(table, select);
    const transaction = table.begin().reads('table');
    for (const file of table.snapshot.files) transaction.remove(file);
    for (const file of files) transaction.add(file);
    await transaction.commit({ operation: 'WRITE' });
  }

  table(name: string, schema: StructType): Promise<DeltaLog> {
    const storage = new LocalStorage(join(this.dir, 'tables', name));
    return DeltaLog.create(
      storage,
      { parquet: new DuckParquetHandler(this.database) },
      { schema, configuration: { 'murmur.queryId': `query-of-${name}` } },
    );
  }

  async close(): Promise<void> {
    await this.database.close();
    rmSync(this.dir, { recursive: true, force: true });
  }

  private async write(table: DeltaLog, select: string) {
    const session = await this.database.connect();
    try {
      const { schema, metadata } = table.snapshot;
      const { configuration } = metadata;
      return await writeParquet(session, { select, storage: table.storage, schema, configuration });
    } finally {
      await session.close();
    }
  }
}

/** A query that gives one row of gold a post and mention. */
export function goldRows(
  posts: readonly {
    id: string;
    sentiment: string;
    at: string | null;
    mentions?: string[];
    scoredAt?: string;
  }[],
): string {
  const rows = posts.flatMap(({ id, sentiment, at, mentions = [], scoredAt = '2026-11-21 10:00:00' }) =>
    (mentions.length === 0 ? [null] : mentions).map(
      (mention) =>
        `('${id}', 'files', '${sentiment}', ${at === null ? 'NULL' : `'${at}'`}::TIMESTAMPTZ, ${mention === null ? 'NULL' : `'${mention}'`}, '${scoredAt}'::TIMESTAMPTZ)`,
    ),
  );
  return `SELECT id AS post_id, source, sentiment AS predicted_sentiment, written AS "timestamp", mention,
      scored_at, 'text of ' || id AS "text", 'ann' AS "user", 90.5::DOUBLE AS predicted_score, 'm/1' AS model
    FROM (VALUES ${rows.join(', ')}) v(id, source, sentiment, written, mention, scored_at)`;
}
