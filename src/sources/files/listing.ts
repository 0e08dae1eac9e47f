/**
 * The files of a landing place as they were when last looked at. A listing is the truth about what is there; it only
 * knows names, sizes and times, and nothing of what was read.
 */
import type { Clock } from '../../base/clock.js';
import type { ObjectInfo, Storage } from '../../storage/storage.js';
import { ignoredBecause } from './names.js';

export interface ListedFile extends ObjectInfo {
  /** When this size and time were first seen, by our clock. */
  since: number;
  /** It is there no more. */
  gone?: true;
}

/** How long size and time must not have moved before a file counts as finished. Milliseconds. */
export const stillMs = 1_000;

/** When the file will have stood still long enough, if nothing writes to it. A time in the future is a skewed clock's. */
export function stillAt(file: ListedFile): number {
  return Math.min(file.mtimeMs, file.since) + stillMs;
}

export abstract class Listing {
  readonly files = new Map<string, ListedFile>();
  /** Paths that are there and no posts, with the reason. */
  readonly ignored = new Map<string, string>();
  /** Folders that cannot be looked into, with the reason. */
  readonly closed = new Map<string, string>();
  #altered = new Set<ListedFile>();

  constructor(readonly clock: Clock) {}

  /** Time between two looks where nothing reports what happens. Milliseconds. */
  readonly pollMs: number = 200;
  /** Time between two looks beside those that a hint is followed by. Milliseconds. */
  readonly idleLookMs: number = 1_000;

  /**
   * Looks again. `quick` may miss for a while that a file changed which had long been at rest; `full` misses nothing.
   * @throws source.landing_missing
   */
  abstract refresh(how: 'quick' | 'full'): Promise<void>;

  /** How the file is now. */
  abstract stat(path: string): Promise<ObjectInfo | undefined>;

  /** Something happened at this path (as a watcher says): the next refresh looks there. */
  suspect(_path: string): void {}

  /** Absolute folders whose changes a watcher should report; empty where there are none. */
  folders(): string[] {
    return [];
  }

  /** Files that are new, differ, or are gone since the last call. */
  takeAltered(): ListedFile[] {
    const altered = [...this.#altered];
    this.#altered = new Set();
    return altered;
  }

  protected note(path: string, info: ObjectInfo): ListedFile {
    const known = this.files.get(path);
    if (
      known !== undefined &&
      known.size === info.size &&
      known.mtimeMs === info.mtimeMs &&
      known.etag === info.etag
    )
      return known;
    const file: ListedFile = { ...info, path, since: this.clock.now() };
    if (known !== undefined) this.#altered.delete(known);
    this.files.set(path, file);
    this.#altered.add(file);
    return file;
  }

  protected forget(path: string): void {
    const known = this.files.get(path);
    if (known === undefined) return;
    this.files.delete(path);
    known.gone = true;
    this.#altered.add(known);
  }
}

/** Lists through the storage seam, everything each time: for stores that have nothing cheaper. */
export class StorageListing extends Listing {
  override readonly pollMs: number;
  override readonly idleLookMs: number;

  constructor(
    readonly storage: Storage,
    clock: Clock,
  ) {
    super(clock);
    // Listing a bucket takes its time, and is paid for by the request.
    this.pollMs = storage.kind === 's3' ? 2_000 : 200;
    this.idleLookMs = storage.kind === 's3' ? 10_000 : 1_000;
  }

  async refresh(): Promise<void> {
    const missing = new Set(this.files.keys());
    this.ignored.clear();
    for await (const info of this.storage.list('')) {
      const reason = ignoredBecause(info.path);
      if (reason === undefined) {
        this.note(info.path, info);
        missing.delete(info.path);
      } else this.ignored.set(info.path, reason);
    }
    for (const path of missing) this.forget(path);
  }

  stat(path: string): Promise<ObjectInfo | undefined> {
    return this.storage.stat(path);
  }
}
