/**
 * Hints that something may be new. On a local disk the system reports what happens in the folders; where it cannot
 * (too many folders, a file system without reports, a bucket), a hint comes every 200 ms instead, of a bucket every 2 s. A hint is never the
 * truth: what was missed is found by the next look.
 */
import { type FSWatcher, watch as watchFolder } from 'node:fs';
import { relative } from 'node:path';
import type { Clock } from '../../base/clock.js';
import type { Listing } from './listing.js';
import { LocalListing } from './local-listing.js';
import { ignoredBecause } from './names.js';

/** The first hint comes at once; those that follow within this time come as one, at its end. Milliseconds. */
const settleMs = 50;
const mostFolders = 2_000;

export class LandingWatch {
  readonly #watchers = new Map<string, FSWatcher>();
  readonly #ended = new AbortController();
  #polls = false;
  #quietUntil = 0;
  #isHintDue = false;
  #deadline: { at: number; cancel: AbortController } | undefined;

  constructor(
    readonly listing: Listing,
    readonly clock: Clock,
    readonly onHint: () => void,
  ) {
    this.follow();
  }

  /** Takes in folders that the listing has found or lost since. */
  follow(): void {
    if (this.#polls || this.#ended.signal.aborted) return;
    const folders = new Set(this.listing.folders());
    if (!(this.listing instanceof LocalListing) || folders.size > mostFolders) {
      this.#poll();
      return;
    }
    for (const [folder, watcher] of this.#watchers)
      if (!folders.has(folder)) {
        watcher.close();
        this.#watchers.delete(folder);
      }
    for (const folder of folders) {
      if (this.#watchers.has(folder)) continue;
      if (!this.#watch(folder, this.listing)) {
        this.#poll();
        return;
      }
    }
    this.listing.watched = true;
  }

  /** A hint is due at this time even if nothing happens: a file will have stood still. */
  expect(at: number | undefined): void {
    if (at === this.#deadline?.at) return;
    this.#deadline?.cancel.abort();
    this.#deadline = undefined;
    if (at === undefined || this.#ended.signal.aborted) return;
    const cancel = new AbortController();
    this.#deadline = { at, cancel };
    void this.clock.sleep(Math.max(1, at - this.clock.now()), cancel.signal).then(() => {
      if (cancel.signal.aborted) return;
      this.#deadline = undefined;
      this.#hint();
    });
  }

  close(): void {
    this.#ended.abort();
    this.#deadline?.cancel.abort();
    this.#closeWatchers();
  }

  #watch(folder: string, listing: LocalListing): boolean {
    try {
      const watcher = watchFolder(folder, { persistent: false }, (_event, name) => {
        if (name !== null) {
          const path = relative(listing.root, `${folder}/${name}`).replaceAll('\\', '/');
          if (ignoredBecause(path) !== undefined) return;
          listing.suspect(path);
        }
        this.#hint();
      });
      watcher.on('error', () => this.#poll());
      this.#watchers.set(folder, watcher);
      return true;
    } catch (e) {
      // The folder went away between listing and watching: the next look knows.
      return (e as NodeJS.ErrnoException).code === 'ENOENT' && folder !== listing.root;
    }
  }

  #hint(): void {
    if (this.#ended.signal.aborted || this.#isHintDue) return;
    const wait = this.#quietUntil - this.clock.now();
    if (wait <= 0) {
      this.#quietUntil = this.clock.now() + settleMs;
      this.onHint();
      return;
    }
    this.#isHintDue = true;
    void this.clock.sleep(wait, this.#ended.signal).then(() => {
      this.#isHintDue = false;
      if (this.#ended.signal.aborted) return;
      this.#quietUntil = this.clock.now() + settleMs;
      this.onHint();
    });
  }

  #poll(): void {
    if (this.#polls || this.#ended.signal.aborted) return;
    this.#polls = true;
    this.#closeWatchers();
    void (async () => {
      while (!this.#ended.signal.aborted) {
        await this.clock.sleep(this.listing.pollMs, this.#ended.signal);
        this.#hint();
      }
    })();
  }

  #closeWatchers(): void {
    if (this.listing instanceof LocalListing) this.listing.watched = false;
    for (const watcher of this.#watchers.values()) watcher.close();
    this.#watchers.clear();
  }
}
