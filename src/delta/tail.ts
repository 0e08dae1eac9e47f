/**
 * A table read as a stream: first the files of the snapshot at which the reader began, then what each later commit added.
 * Commits that only rearrange rows (`dataChange: false`) are not seen. Order is (version, file index in path order).
 */
import { MurmurError } from '../base/errors.js';
import type { Action, AddFile } from './actions.js';
import { logGap } from './delta-errors.js';
import type { DeltaLog } from './delta-log.js';
import { byPath, recordsIn } from './snapshot.js';

/** A place between rows, plain JSON: everything before it has been read. */
export interface TailOffset {
  /** The table's `metaData.id`: another table at the same place is not the same stream. */
  tableId: string;
  version: number;
  /** Index among the files of this version, in path order. */
  file: number;
  /** Rows of that file already read. */
  row: number;
  /** Whether `version` is the snapshot at which the reader began, rather than one commit. */
  snapshot: boolean;
}

/** A file to be read, from `fromRow` to its end. */
export interface TailFile {
  version: number;
  /** Its index within the version. */
  file: number;
  snapshot: boolean;
  add: AddFile;
  fromRow: number;
  /** Physical rows in the file; undefined where its statistics do not say. */
  numRecords: number | undefined;
}

export interface TailLimits {
  files?: number;
  /** A soft limit: the file that crosses it is still taken. */
  bytes?: number;
}

export interface TailOptions {
  /** Whether a commit's `commitInfo.murmur` marks it as one of the lake's own change commits. */
  isOwnChange?: (murmur: string) => boolean;
}

export class TableTail {
  /** Snapshot files of readers that have not finished them, by version. */
  readonly #snapshotFiles = new Map<number, AddFile[]>();

  constructor(
    readonly table: DeltaLog,
    readonly options: TailOptions = {},
  ) {}

  /** Before the first row of the newest snapshot. */
  async initial(): Promise<TailOffset> {
    const { version, metadata } = await this.table.update();
    return { tableId: metadata.id, version, file: 0, row: 0, snapshot: true };
  }

  /** Behind everything that the newest snapshot holds. */
  async end(): Promise<TailOffset> {
    const { version, metadata } = await this.table.update();
    return { tableId: metadata.id, version: version + 1, file: 0, row: 0, snapshot: false };
  }

  /**
   * Files behind an offset, within the limits (at least one, if there is any), up to and including version `until`.
   * @throws delta.table_replaced (user), delta.log_gap, delta.unexpected_change (user)
   */
  async filesAfter(
    offset: TailOffset,
    limits: TailLimits = {},
    until = Number.POSITIVE_INFINITY,
  ): Promise<TailFile[]> {
    const { version: latest } = await this.table.update();
    this.#assertSameTable(offset);
    if (offset.version > latest + 1) throw this.#movedBack(offset, latest);
    const last = Math.min(latest, until);
    const { files: maxFiles = Number.POSITIVE_INFINITY, bytes: maxBytes = Number.POSITIVE_INFINITY } = limits;
    const taken: TailFile[] = [];
    let bytes = 0;
    for (let version = offset.version; version <= last; version++) {
      const snapshot = offset.snapshot && version === offset.version;
      const adds = snapshot ? await this.#filesAt(version) : await this.#addedBy(version);
      const first = version === offset.version ? offset.file : 0;
      for (let file = first; file < adds.length; file++) {
        if (taken.length > 0 && (taken.length >= maxFiles || bytes >= maxBytes)) return taken;
        const add = adds[file]!;
        const fromRow = version === offset.version && file === offset.file ? offset.row : 0;
        const numRecords = recordsIn(add);
        if (numRecords !== undefined && fromRow >= numRecords) continue;
        taken.push({ version, file, snapshot, add, fromRow, numRecords });
        bytes += add.size;
      }
    }
    return taken;
  }

  /** The same files again, for a replay: those of [from, to) as offsets. */
  async filesBetween(from: TailOffset, to: TailOffset): Promise<TailFile[]> {
    const files = await this.filesAfter(from, {}, to.version);
    return files.filter(
      ({ version, file }) => version < to.version || file < to.file || (file === to.file && to.row > 0),
    );
  }

  async #filesAt(version: number): Promise<AddFile[]> {
    let files = this.#snapshotFiles.get(version);
    if (files === undefined) {
      files = [...(await this.table.at(version)).files];
      this.#snapshotFiles.clear();
      this.#snapshotFiles.set(version, files);
    }
    return files;
  }

  async #addedBy(version: number): Promise<AddFile[]> {
    for await (const { actions } of this.table.commits(version, version)) {
      if (this.#changesRows(version, actions)) return [];
      return actions.flatMap(({ add }) => (add?.dataChange === true ? [add] : [])).sort(byPath);
    }
    throw logGap(this.table.storage.root, version, 'nothing');
  }

  /** True for a change commit of the lake's own, whose adds only hold rows that were there before. */
  #changesRows(version: number, actions: readonly Action[]): boolean {
    if (!actions.some(({ remove }) => remove?.dataChange === true)) return false;
    const info = actions.find(({ commitInfo }) => commitInfo !== undefined)?.commitInfo;
    if (info?.murmur !== undefined && this.options.isOwnChange?.(info.murmur)) return true;
    const operation = info?.operation ?? 'an unnamed operation';
    throw new MurmurError(
      'delta.unexpected_change',
      `following ${this.table.storage.root}: version ${version} (${operation}) removed rows that may have been read`,
      {
        fault: 'user',
        fix: 'make the table that is read from it, and those behind it, anew with `murmur rebuild`',
        context: { version, operation },
      },
    );
  }

  #movedBack({ version }: TailOffset, latest: number): MurmurError {
    return new MurmurError(
      'delta.table_replaced',
      `following ${this.table.storage.root}: it ends at version ${latest}, and was read up to version ${version - 1}`,
      {
        fault: 'user',
        fix: 'put back the newer table, or make those behind it anew with `murmur rebuild`',
        context: { version, latest },
      },
    );
  }

  #assertSameTable({ tableId }: TailOffset): void {
    const { metadata } = this.table.snapshot;
    if (metadata.id === tableId) return;
    throw new MurmurError(
      'delta.table_replaced',
      `following ${this.table.storage.root}: it is table ${metadata.id} now, it was ${tableId}`,
      { fault: 'user', fix: 'put back the old table, or make those behind it anew with `murmur rebuild`' },
    );
  }
}
