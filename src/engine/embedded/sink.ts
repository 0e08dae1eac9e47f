/**
 * How a batch gets into its table. The data commit is the commit point of a batch: one Delta commit with `txn{queryId, N}`,
 * the files and the batch's report, also when no row survived. A commit is skipped where the table's `txn` is already ≥ N,
 * and the conflict rule on `txn` decides between two processes that both think the batch is theirs. Files whose commit
 * did not happen stay behind unseen until vacuum removes them.
 */
import { MurmurError } from '../../base/errors.js';
import type { AddFile, DataFile } from '../../delta/actions.js';
import type { DeltaLog } from '../../delta/index.js';
import { planMerge, writeParquet } from '../../duck/index.js';
import type { DuckSession } from '../../duck/session.js';
import { quoteIdent } from '../../duck/sql-text.js';
import { fenced } from '../fenced.js';
import type { Sink } from '../plan.js';
import { ordColumn, partColumn } from './compile.js';
import type { Relation } from './workspace.js';

/** Times that a commit is planned anew when others changed the same files. */
const commitTries = 10;

/** Files of one batch, written and not yet committed. */
export interface StagedFiles {
  adds: DataFile[];
  removes: AddFile[];
}

export interface DataCommit {
  queryId: string;
  batchId: number;
  /** The text for `commitInfo.murmur`, made right before each try. */
  report: () => string;
  outputRows: number;
}

/**
 * Writes the rows of a relation as files of an append sink, rows of a post side by side.
 * @param sorted whether the rows stand in order already; else they are sorted
 */
export async function stageAppend(
  session: DuckSession,
  table: DeltaLog,
  { name, columns }: Relation,
  sorted: boolean,
): Promise<StagedFiles> {
  const { metadata, schema } = table.snapshot;
  const adds = await writeParquet(session, {
    select: `SELECT ${columns.map(quoteIdent).join(', ')} FROM ${name}
      ${sorted ? '' : `ORDER BY ${ordColumn}, ${partColumn}`}`,
    storage: table.storage,
    schema,
    configuration: metadata.configuration,
    partitionColumns: metadata.partitionColumns,
  });
  return { adds, removes: [] };
}

/** Merges a relation into the table as it is now, copy on write over the files that hold its keys. */
export async function stageMerge(
  session: DuckSession,
  table: DeltaLog,
  { name }: Relation,
  sink: Extract<Sink, { op: 'merge' }>,
): Promise<StagedFiles> {
  return planMerge(session, {
    table,
    source: name,
    keys: sink.keys,
    columns: sink.columns,
    derive: sink.derive,
  });
}

/**
 * Commits a batch. `restage` plans the files anew after a conflict over the files read (merge only).
 * @returns the version
 * @throws engine.fenced (user) when another process committed the batch meanwhile
 */
export async function commitData(
  table: DeltaLog,
  commit: DataCommit,
  staged: StagedFiles,
  restage?: () => Promise<StagedFiles>,
): Promise<number> {
  let files = staged;
  for (let attempt = 1; ; attempt++) {
    const transaction = table.begin().txn(commit.queryId, commit.batchId);
    for (const file of files.removes) transaction.remove(file);
    for (const file of files.adds) transaction.add(file);
    if (restage) transaction.reads(files.removes);
    const outcome = await transaction.commit({
      operation: 'STREAMING UPDATE',
      operationParameters: {
        outputMode: restage ? 'Update' : 'Append',
        queryId: commit.queryId,
        epochId: String(commit.batchId),
      },
      operationMetrics: {
        numAddedFiles: String(files.adds.length),
        numRemovedFiles: String(files.removes.length),
        numOutputRows: String(commit.outputRows),
        numOutputBytes: String(files.adds.reduce((sum, { size }) => sum + size, 0)),
      },
      murmur: commit.report(),
    });
    if (outcome.outcome === 'committed') return outcome.version;
    if (outcome.kind === 'txn') throw fenced(table.storage.root, commit.batchId);
    if (attempt === commitTries)
      throw new MurmurError(
        'engine.commit_conflicts',
        `committing to ${table.storage.root}: ${commitTries} conflicts, the last with version ${outcome.version} (${outcome.kind})`,
        { fault: 'external', retry: 'backoff' },
      );
    await table.update();
    if (restage) files = await restage();
  }
}
