/** The files in which something may stand that was not read yet, and those of which people have to be told. */
import type { Clock } from '../../base/clock.js';
import type { SourceHorizon, SourceState } from '../source.js';
import { judge, type Verdict, vanishedReason } from './judge.js';
import type { Ledger } from './ledger.js';
import type { ListedFile, Listing } from './listing.js';

/** How often a file that could not be opened is tried again. Milliseconds. */
const retryMs = 5_000;

export class Backlog {
  readonly #open = new Map<string, ListedFile>();
  /** The open files, oldest first, and some that are no longer open; undefined after one was added. */
  #queue: ListedFile[] | undefined;
  /** Looked at without gain: not again before this time (or before the file is altered, where it is infinite). */
  readonly #resting = new WeakMap<ListedFile, number>();
  readonly #changed = new Map<string, string>();
  readonly #denied = new Map<string, { file: ListedFile; reason: string; retryAt: number }>();
  /** Files whose time alone is another. */
  readonly #same = new WeakSet<ListedFile>();
  #isFirst = true;

  constructor(
    readonly listing: Listing,
    readonly ledger: Ledger,
    readonly clock: Clock,
  ) {}

  /** Takes in what the listing has found since the last time. */
  update(): void {
    for (const file of this.listing.takeAltered()) this.settle(file);
    if (!this.#isFirst) return;
    this.#isFirst = false;
    for (const [path, before] of this.ledger.files)
      if (!before.last && !this.listing.files.has(path)) this.#changed.set(path, vanishedReason(before));
  }

  /** Puts a file where it belongs, after it or what is known of it has changed. */
  settle(file: ListedFile): void {
    const { path } = file;
    if (file.gone) {
      if (this.listing.files.has(path)) return;
      this.#drop(path);
      const before = this.ledger.files.get(path);
      if (before !== undefined && !before.last) this.#changed.set(path, vanishedReason(before));
      return;
    }
    if (this.listing.files.get(path) !== file) return;
    this.#drop(path);
    const verdict = this.verdict(file);
    if (verdict.kind === 'changed') this.#changed.set(path, verdict.reason);
    else if (verdict.kind === 'denied')
      this.#denied.set(path, { file, reason: verdict.reason, retryAt: this.clock.now() + retryMs });
    else if (verdict.kind !== 'read') this.#admit(file);
  }

  verdict(file: ListedFile): Verdict {
    const before = this.ledger.files.get(file.path);
    if (before === undefined || !this.#same.has(file)) return judge(file, before);
    return judge({ ...file, mtimeMs: before.mtimeMs }, before);
  }

  /** Files to look at now, the oldest first; with a horizon only those that were there. */
  candidates(horizon: SourceHorizon | undefined): ListedFile[] {
    const now = this.clock.now();
    this.#queue ??= [...this.#open.values()].sort(
      (a, b) => a.mtimeMs - b.mtimeMs || (a.path < b.path ? -1 : 1),
    );
    this.#queue = this.#queue.filter((file) => this.#open.get(file.path) === file);
    return this.#queue.filter(
      (file) =>
        (this.#resting.get(file) ?? 0) <= now && (horizon === undefined || horizon.files.has(file.path)),
    );
  }

  /** Nothing is to be had of the file before `until`. */
  rest(file: ListedFile, until: number): void {
    this.#resting.set(file, until);
  }

  /** Nothing more is to be had of the file as it is. */
  finish(file: ListedFile): void {
    this.rest(file, Number.POSITIVE_INFINITY);
  }

  /** What was read of the file is what stands in it now; only its time is another. */
  markSame(file: ListedFile): void {
    this.#same.add(file);
    this.settle(file);
  }

  markChanged(path: string, reason: string): void {
    this.#drop(path);
    this.#changed.set(path, reason);
  }

  /** Files that could not be opened and are worth another try; each is given once in a while. */
  takeRetries(): ListedFile[] {
    const now = this.clock.now();
    const due = [...this.#denied.values()].filter((denied) => denied.retryAt <= now).slice(0, 10);
    for (const denied of due) denied.retryAt = now + retryMs;
    return due.map((denied) => denied.file);
  }

  /** A file that could not be opened can be now. */
  readmit(file: ListedFile): void {
    this.#drop(file.path);
    this.#admit(file);
  }

  /** When the next resting file may be looked at again; with a horizon, of the files that have not moved since. */
  nextDeadline(horizon?: SourceHorizon): number | undefined {
    let next: number | undefined;
    for (const file of this.#open.values()) {
      if (horizon !== undefined && !isWithin(file, horizon)) continue;
      const until = this.#resting.get(file);
      if (until !== undefined && Number.isFinite(until) && (next === undefined || until < next)) next = until;
    }
    return next;
  }

  whyChanged(path: string): string | undefined {
    return this.#changed.get(path) ?? this.#denied.get(path)?.reason;
  }

  /** Until when a file rests; infinite when there is nothing in it. */
  restsUntil(file: ListedFile): number | undefined {
    return this.#resting.get(file);
  }

  state(): SourceState {
    const state: SourceState = { backlogFiles: 0, backlogBytes: 0, changedFiles: [] };
    for (const file of this.#open.values()) {
      if (this.#resting.get(file) === Number.POSITIVE_INFINITY) continue;
      const before = this.ledger.files.get(file.path);
      if (before?.last && before.size === file.size) continue;
      state.backlogFiles++;
      const read = before === undefined || before.gzip ? 0 : before.to.byte;
      state.backlogBytes += Math.max(0, file.size - read);
    }
    for (const [path, reason] of this.#changed) state.changedFiles.push({ path, reason });
    for (const [path, { reason }] of this.#denied) state.changedFiles.push({ path, reason });
    for (const [path, reason] of this.listing.closed) state.changedFiles.push({ path, reason });
    state.changedFiles.sort((a, b) => (a.path < b.path ? -1 : 1));
    return state;
  }

  #admit(file: ListedFile): void {
    this.#open.set(file.path, file);
    this.#queue = undefined;
  }

  #drop(path: string): void {
    this.#open.delete(path);
    this.#changed.delete(path);
    this.#denied.delete(path);
  }
}

/** The file is as the horizon saw it. */
export function isWithin(file: ListedFile, horizon: SourceHorizon): boolean {
  return horizon.files.get(file.path) === file.size && file.since <= horizon.at;
}
