/** Work on a lake that Spark writes: a table has one writing engine, so its care is SQL that Spark runs. */
import { MurmurError } from '../base/errors.js';
import type { OptimizeResult, VacuumOptions, VacuumResult } from '../delta/index.js';
import type { SparkRow, SparkSession } from '../engine/spark/connect/index.js';
import { deltaTable } from '../engine/spark/sql-text.js';
import { newestCommits } from '../engine/spark/tables.js';
import type { OpenLake } from '../pipeline/open.js';
import { connectLake, placesOf } from '../pipeline/spark/connect-lake.js';
import { quotedName } from '../posts/sql/spark-literals.js';
import { tableNames } from '../posts/tables.js';
import type { OptimizeQuery } from '../table/optimize.js';
import type { CaredTable } from './table-care.js';

/** A table of a lake that runs on Spark; undefined for every other one. */
export function onSpark({ table, open }: CaredTable): { open: OpenLake; path: string } | undefined {
  if (open === undefined || open.spec.engine === 'embedded') return undefined;
  if (!(tableNames as readonly string[]).includes(table.name)) return undefined;
  return { open, path: placesOf(open.lake).table(table.name) };
}

/** @throws spark.* */
export function optimizeOnSpark(
  { open, path }: { open: OpenLake; path: string },
  { where, zOrderBy, targetSize = open.spec.maintain.target_size }: OptimizeQuery,
): Promise<OptimizeResult> {
  return withSession(open, async (session) => {
    await session.setConf({ 'spark.databricks.delta.optimize.maxFileSize': String(targetSize) });
    const chosen = where === undefined ? '' : ` WHERE ${where}`;
    const order = zOrderBy === undefined ? '' : ` ZORDER BY (${zOrderBy.map(quotedName).join(', ')})`;
    const [row] = await session.rows(`OPTIMIZE ${deltaTable(path)}${chosen}${order}`);
    const { numFilesAdded, numFilesRemoved, filesAdded, filesRemoved } = (row?.metrics ?? {}) as SparkRow;
    const done = Number(numFilesRemoved ?? 0) > 0;
    const [commit] = await newestCommits(session, path, 1);
    return {
      versions: done && commit !== undefined ? [commit.version] : [],
      filesAdded: Number(numFilesAdded ?? 0),
      filesRemoved: Number(numFilesRemoved ?? 0),
      bytesAdded: bytesOf(filesAdded),
      bytesRemoved: bytesOf(filesRemoved),
    };
  });
}

/** @throws spark.*, among them Delta's own refusal of a retention that is too short */
export function vacuumOnSpark(
  { open, path }: { open: OpenLake; path: string },
  { retainMs, allowShorter = false, dryRun = false }: VacuumOptions,
): Promise<VacuumResult> {
  return withSession(open, async (session) => {
    if (allowShorter)
      await session.setConf({ 'spark.databricks.delta.retentionDurationCheck.enabled': 'false' });
    const retain = retainMs === undefined ? '' : ` RETAIN ${retainMs / 3_600_000} HOURS`;
    const rows = await session.rows(`VACUUM ${deltaTable(path)}${retain} DRY RUN`);
    const table = open.lake.tableStorage;
    const files = rows.map((row) => relativeTo(path, String(row.path)));
    let bytes = 0;
    for (const file of files) bytes += (await table.stat(`${path.split('/').at(-1)}/${file}`))?.size ?? 0;
    if (!dryRun) await session.rows(`VACUUM ${deltaTable(path)}${retain}`);
    return { files, bytes, held: [] };
  });
}

export async function withSession<T>(
  open: OpenLake,
  work: (session: SparkSession) => Promise<T>,
): Promise<T> {
  const { engine } = open.spec;
  if (engine === 'embedded')
    throw new MurmurError('operate.no_spark', 'no Spark to work on', { fault: 'internal' });
  const session = await connectLake(engine.spark);
  try {
    return await work(session);
  } finally {
    await session.close();
  }
}

function bytesOf(sizes: unknown): number {
  return Number((sizes as SparkRow | undefined)?.totalSize ?? 0);
}

/** Spark gives URIs; what stands behind the table's own path is the file. */
function relativeTo(path: string, uri: string): string {
  const decoded = decodeURIComponent(uri);
  return decoded.slice(decoded.indexOf(`${path}/`) + path.length + 1);
}
