/** A table opened to be cared for: with what the queries of its lake have yet to read, which no care may take from them. */
import { systemClock } from '../base/clock.js';
import { packageVersion } from '../base/package-root.js';
import { type DeltaEnv, DeltaLog } from '../delta/index.js';
import { filesYetToRead, type LakePlaces, versionYetToRead } from '../engine/embedded/yet-to-read.js';
import { type LakeTable, noSuchTable } from '../lake/lake-table.js';
import type { OpenLake } from '../pipeline/open.js';
import { definePipelineQueries } from '../pipeline/queries.js';
import { LocalStorage } from '../storage/local.js';
import type { TableContext } from '../table/table-context.js';

/** A table, and the lake that it belongs to; undefined for tables of others. */
export interface CaredTable {
  table: LakeTable;
  open: OpenLake | undefined;
}

export interface Care extends TableContext {
  name: string;
  /** Literal paths of files that a query has yet to read, and its name. */
  heldFiles(): Promise<ReadonlyMap<string, string>>;
  /** The oldest version of the log that a query will ask for, and its name. */
  heldLog(): Promise<{ version: number; query: string } | undefined>;
}

/** The work is over, checkpoints included, when this resolves. @throws lake.no_such_table (user) */
export async function withCare<T>({ table, open }: CaredTable, work: (care: Care) => Promise<T>): Promise<T> {
  const at = await table.at();
  if (at === undefined) throw noSuchTable(table.name, table.path);
  const { storage } = at.table;
  const env: DeltaEnv = { ...at.table.env, engineInfo: `murmur/${packageVersion()}` };
  const lake = open && placesOf(open, env);
  const heldLog = async () => lake && versionYetToRead(lake.places, lake.queries, storage);
  const log = await DeltaLog.open(storage, { ...env, logNeededFrom: async () => (await heldLog())?.version });
  try {
    return await work({
      name: table.name,
      log,
      clock: env.clock ?? systemClock,
      connect: () => table.access.connect(),
      withSession: (use) => table.access.withSession(use),
      heldFiles: async () =>
        lake === undefined ? new Map() : filesYetToRead(lake.places, lake.queries, table.name),
      heldLog,
    });
  } finally {
    await log.settled();
  }
}

function placesOf({ lake, spec, rules }: OpenLake, delta: DeltaEnv) {
  const checkpoints = new LocalStorage(lake.paths.checkpoints);
  const places: LakePlaces = { tables: lake.tableStorage, checkpoints, delta };
  return { places, queries: definePipelineQueries(spec, 'idle', rules) };
}
