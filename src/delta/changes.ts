/**
 * What happened to the rows of a table between two versions, told in files (PROTOCOL.md, "Change Data Files" and "Reader
 * Requirements for Row-level Changes"): only the log is read here. Commits that rearrange rows (`dataChange: false`)
 * change nothing.
 */
import { bounded } from '../base/bounded.js';
import { MurmurError } from '../base/errors.js';
import type { Action, AddFile, Metadata, RemoveFile } from './actions.js';
import { assertReadableAs } from './changes-schema.js';
import { deletionVectorPath } from './deletion-vector.js';
import { noSuchVersion } from './delta-errors.js';
import type { Commit, DeltaLog } from './delta-log.js';
import { listWholeLog } from './log.js';
import { commitPath } from './log-files.js';
import { decodePath, fileKey } from './paths.js';
import { emptyState, replay, type Snapshot } from './snapshot.js';

/** Versions, both ends included: the changes that their commits made. */
export interface ChangesRange {
  from: number;
  /** Default: the newest. */
  to?: number;
}

/** The live rows of `file` that are not live in `other`, which is the same Parquet file with another deletion vector. */
export interface ChangedFile {
  file: AddFile;
  other?: AddFile;
}

/** What one commit did to the rows. */
export interface CommitChanges {
  version: number;
  /** Milliseconds since the epoch. */
  timestamp: number;
  deleted: readonly ChangedFile[];
  inserted: readonly ChangedFile[];
  /** Files of rows with a `_change_type` of their own. Where a commit has some, they say everything: the others are empty. */
  changeData: readonly AddFile[];
  /** Of a commit that changed the schema, the partitioning or the properties. */
  metadata?: Metadata;
}

export interface TableChanges {
  /** The state at the end of the range: its schema is the one in which all rows are read. */
  target: Snapshot;
  /** By version, also those that changed no row. */
  commits: readonly CommitChanges[];
}

/**
 * @throws delta.bad_range (user), delta.no_such_version (user); delta.changes_gone (user) where the log or the files of a version
 *   are no longer there; delta.schema_mismatch (user) where rows of the range do not fit the schema at its end;
 *   delta.unsupported_feature (user)
 */
export async function planChanges(table: DeltaLog, range: ChangesRange): Promise<TableChanges> {
  const { from } = range;
  const { version: latest } = await table.update();
  const to = range.to ?? latest;
  if (from > latest || to > latest)
    throw noSuchVersion(table.storage.root, Math.max(from, range.to ?? 0), latest);
  if (from < 0 || from > to) throw badRange(table, from, to);
  await assertLogged(table, from);
  const target = await table.at(to);
  const commits: CommitChanges[] = [];
  for await (const commit of table.commits(from, to)) commits.push(await changesOf(table, commit));
  for (const [version, metadata] of await metadataIn(table, commits))
    assertReadableAs(table.storage.root, version, metadata, target);
  await assertFilesThere(table, commits);
  return { target, commits };
}

/** Every metadata under which rows of these commits may have been written, other than the last. */
async function metadataIn(
  table: DeltaLog,
  commits: readonly CommitChanges[],
): Promise<[version: number, metadata: Metadata][]> {
  const set = commits.flatMap(({ version, metadata }) =>
    metadata ? [[version, metadata] as [number, Metadata]] : [],
  );
  if (set.length === 0) return [];
  const { version: from, metadata, deleted } = commits[0]!;
  if (metadata === undefined) return [[from, (await table.at(from)).metadata], ...set];
  return deleted.length === 0 ? set : [[from - 1, (await table.at(from - 1)).metadata], ...set];
}

async function changesOf(table: DeltaLog, { version, timestamp, actions }: Commit): Promise<CommitChanges> {
  const { metadata } = replay(emptyState, version, actions);
  const common = { version, timestamp, ...(metadata === undefined ? {} : { metadata }) };
  const changeData = actions.flatMap(({ cdc }) => (cdc === undefined ? [] : [liveFile(cdc)]));
  if (changeData.length > 0) return { ...common, deleted: [], inserted: [], changeData };

  const touched = byFile(actions);
  const removed = await removedFiles(table, version, touched);
  const deleted: ChangedFile[] = [];
  const inserted: ChangedFile[] = [];
  touched.forEach(({ add }, i) => {
    const file = removed[i];
    if (add !== undefined && file !== undefined) {
      if (fileKey(add) === fileKey(file)) return;
      deleted.push({ file, other: add });
      inserted.push({ file: add, other: file });
    } else if (add !== undefined) inserted.push({ file: add });
    else if (file !== undefined) deleted.push({ file });
  });
  return { ...common, deleted, inserted, changeData };
}

interface TouchedFile {
  add?: AddFile;
  remove?: RemoveFile;
}

/** What a commit did to each Parquet file, where it changed rows. */
function byFile(actions: readonly Action[]): TouchedFile[] {
  const files = new Map<string, TouchedFile>();
  for (const { add, remove } of actions) {
    const file = add ?? remove;
    if (file === undefined) continue;
    const key = fileKey({ path: file.path });
    files.set(key, { ...files.get(key), ...(add ? { add } : {}), ...(remove ? { remove } : {}) });
  }
  return [...files.values()].filter(({ add, remove }) => add?.dataChange || remove?.dataChange);
}

/** Removes as the files that they removed. Some writers leave partition values out: then the state before knows them. */
async function removedFiles(
  table: DeltaLog,
  version: number,
  touched: readonly TouchedFile[],
): Promise<(AddFile | undefined)[]> {
  const partitioned = table.snapshot.metadata.partitionColumns.length > 0;
  const unknown = partitioned && touched.some(({ remove }) => remove && remove.partitionValues === undefined);
  const live = unknown ? (await table.at(version - 1)).state.live : undefined;
  return touched.map(({ remove }) => {
    if (remove === undefined) return undefined;
    const { partitionValues = live?.get(fileKey(remove))?.partitionValues ?? {} } = remove;
    return liveFile({ ...remove, partitionValues });
  });
}

function liveFile(
  file: Pick<AddFile, 'path' | 'partitionValues' | 'dataChange' | 'deletionVector'> & { size?: number },
): AddFile {
  const { path, partitionValues, dataChange, deletionVector, size = 0 } = file;
  const vector = deletionVector === undefined ? {} : { deletionVector };
  return { path, partitionValues, size, modificationTime: 0, dataChange, ...vector };
}

async function assertLogged(table: DeltaLog, from: number): Promise<void> {
  if ((await table.storage.stat(commitPath(from))) !== undefined) return;
  throw changesGone(table, from, 'its commit is no longer in the log', await firstLogged(table));
}

/** The first version from which on every commit is in the log. */
async function firstLogged({ storage, snapshot }: DeltaLog): Promise<number> {
  const versions = new Set((await listWholeLog(storage, snapshot.version)).commits);
  let first = snapshot.version + 1;
  while (versions.has(first - 1)) first--;
  return first;
}

/** How many files are asked for at once. */
const asked = 32;

/** Vacuum deletes files that are not live any more; a row that cannot be told must not be missing in silence. */
async function assertFilesThere(table: DeltaLog, commits: readonly CommitChanges[]): Promise<void> {
  const { storage, snapshot } = table;
  for (const { version, deleted, inserted, changeData } of commits.toReversed()) {
    const files = [...deleted, ...inserted].flatMap(({ file, other }) => (other ? [file, other] : [file]));
    const gone = files.filter((file) => !snapshot.has(file));
    const paths = [...new Set([...gone, ...changeData].flatMap(pathsOf))];
    const there = await bounded(paths, asked, async (path) => (await storage.stat(path)) !== undefined);
    const missing = there.indexOf(false);
    if (missing >= 0)
      throw changesGone(table, version, `${paths[missing]} is no longer there (vacuum)`, version + 1);
  }
}

/** What of a file lies below the table's root. */
function pathsOf({ path, deletionVector }: AddFile): string[] {
  const vector = deletionVector && deletionVectorPath(deletionVector);
  return [...(isAbsolute(path) ? [] : [decodePath(path)]), ...(vector === undefined ? [] : [vector])];
}

/** Other tables' files, of which this storage knows nothing. */
function isAbsolute(path: string): boolean {
  return /^(\/|[a-z][a-z0-9+.-]*:)/i.test(path);
}

function changesGone(table: DeltaLog, version: number, why: string, firstReadable: number): MurmurError {
  const { root } = table.storage;
  const latest = table.snapshot.version;
  return new MurmurError(
    'delta.changes_gone',
    `reading the changes of version ${version} of ${root}: ${why}`,
    {
      fault: 'user',
      fix:
        firstReadable > latest
          ? 'no version of this table can tell its changes any more'
          : `begin with version ${firstReadable}, the first whose changes can still be read`,
      context: { root, version, firstReadable },
    },
  );
}

function badRange(table: DeltaLog, from: number, to: number): MurmurError {
  return new MurmurError(
    'delta.bad_range',
    `reading the changes of ${table.storage.root} from version ${from} to ${to}: the range holds no version`,
    { fault: 'user', fix: 'begin with a version that is not behind the last one' },
  );
}
