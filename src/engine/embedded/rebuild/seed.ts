/**
 * The beginning of a new table and of its checkpoint: empty, or with what the old table held at a version. The log of the
 * new table begins with the protocol and the properties of the old one, so that what is written will fit it.
 */
import { MurmurError } from '../../../base/errors.js';
import type { Action, Metadata } from '../../../delta/actions.js';
import { DeltaLog, decodePath, type Snapshot } from '../../../delta/index.js';
import { commitPath } from '../../../delta/log-files.js';
import type { StructType } from '../../../schema/column-types.js';
import type { QueryDefinition } from '../../engine.js';
import { defaultRetention, tableProperties } from '../../table-properties.js';
import { WriteAheadLog } from '../../wal.js';
import { clockOf, type EmbeddedContext } from '../context.js';
import { type Assumptions, checkpointFromTable } from '../recovery/checkpoint-from-table.js';
import { lastQueryCommit, type QueryCommit } from '../recovery/table-evidence.js';
import type { RebuildWorkplace } from './workplace.js';

/** What a table held at a version, and the batch with which it did. */
export interface KeptVersion {
  table: DeltaLog;
  snapshot: Snapshot;
  commit: QueryCommit & { batchId: number };
}

/**
 * @throws delta.no_such_version (user), engine.version_unusable (user) when its commit or a file of it is gone, or when it
 *   is older than the first batch
 */
export async function keptVersion(
  context: EmbeddedContext,
  { plan }: QueryDefinition,
  version: number,
): Promise<KeptVersion> {
  const name = plan.sink.table;
  const table = await DeltaLog.open(context.tables.at(name), context.delta);
  const snapshot = await table.at(version);
  const unusable = (why: string) =>
    new MurmurError('engine.version_unusable', `keeping version ${version} of ${name}: ${why}`, {
      fault: 'user',
      fix: `name a later version (\`murmur table history ${name}\`), or make all of it anew with \`murmur rebuild ${name}\``,
      context: { table: name, version },
    });
  const commit = await lastQueryCommit(table, version);
  if (commit === undefined)
    throw unusable('the log no longer has, or never had, the commit that says how far its input was read');
  const { batchId } = commit;
  if (batchId === null) throw unusable('no batch had been written');
  const missing = await missingFiles(table, snapshot);
  if (missing.length > 0)
    throw unusable(`${missing.length} of its data files are gone, ${missing[0]} the first`);
  return { table, snapshot, commit: { ...commit, batchId } };
}

/** Writes the first version of a new table, and a checkpoint for it. Doing it again changes nothing. */
export async function seed(
  context: EmbeddedContext,
  place: RebuildWorkplace,
  definition: QueryDefinition,
  queryId: string,
  kept?: KeptVersion,
): Promise<Assumptions> {
  const { name, plan } = definition;
  const { table } = plan.sink;
  const target = place.table(table);
  const old = await DeltaLog.openIfExists(context.tables.at(table), context.delta);
  const contract = context.contracts[table]!;
  const configuration = tableProperties(
    'embedded',
    contract,
    context.retention?.[table] ?? defaultRetention,
    {
      queryId,
      stamp: definition.stamp,
    },
  );
  if (old === undefined) await DeltaLog.create(target, context.delta, { schema: contract, configuration });
  else {
    const actions: Action[] = [
      { commitInfo: { timestamp: clockOf(context).now(), operation: 'REBUILD' } },
      { protocol: old.snapshot.protocol },
      { metaData: newMetadata(old.snapshot, contract, configuration) },
      ...(kept ? [{ txn: { appId: queryId, version: kept.commit.batchId } }] : []),
      ...(kept?.snapshot.files ?? []).map((add) => ({ add: { ...add, dataChange: true } })),
    ];
    const text = actions.map((action) => `${JSON.stringify(action)}\n`).join('');
    await target.putIfAbsent(commitPath(0), Buffer.from(text));
  }
  const storage = place.checkpoints.at(name);
  if ((await WriteAheadLog.open(storage, name)) === undefined) {
    if (kept) {
      const { batchId } = kept.commit;
      return checkpointFromTable(context, definition, kept, { storage, queryId, batchId });
    }
    await WriteAheadLog.create(storage, name, queryId);
  }
  return { assumed: [], gone: [] };
}

/** The old table's, with the properties of the new query in the place of the old one's. */
function newMetadata(
  { metadata, schema }: Snapshot,
  contract: StructType,
  configuration: Record<string, string>,
): Metadata {
  const others = Object.entries(metadata.configuration).filter(([key]) => !key.startsWith('murmur.'));
  const isSameShape =
    JSON.stringify(schema.fields.map(({ name, type }) => [name, type])) ===
    JSON.stringify(contract.fields.map(({ name, type }) => [name, type]));
  return {
    ...metadata,
    ...(isSameShape ? {} : { schemaString: JSON.stringify(contract) }),
    configuration: { ...configuration, ...Object.fromEntries(others) },
  };
}

/** Literal paths of live files that are not there. */
export async function missingFiles({ storage }: DeltaLog, { files }: Snapshot): Promise<string[]> {
  const there = new Set<string>();
  for await (const { path } of storage.list('')) there.add(path);
  return files
    .map(({ path }) => decodePath(path))
    .filter((path) => !there.has(path) && !/^(\/|\w+:)/.test(path));
}
