/**
 * Maintenance beside the queries: files of a streaming table are small because batches are, so they are joined, ten of about
 * a size at a time: a row is then rewritten once for every tenfold growth of its file, however long the stream is. What
 * joining left behind is deleted after the table's retention. One table at a time, never on the path of a commit, and for a
 * part of the time only; what fails is left for later.
 */
import type { Clock } from '../../base/clock.js';
import { type DeltaLog, optimize, type Snapshot, vacuum } from '../../delta/index.js';
import { thinCheckpoints } from '../../delta/thin-checkpoints.js';
import { fitRetention } from './fit-retention.js';

/** Bytes that a table's files should have where nobody says otherwise. */
const defaultTargetSize = 64 * 1024 * 1024;
const defaultEffort = 0.1;
/** Files of a size class that are worth a rewrite, and how much larger the files of the next class are. */
const together = 10;
/** Size classes: a file below the smallest bound is in the lowest one. */
const classes = 6;
/** Most bytes read by one rewrite, so that maintenance never keeps the machine for long. */
const maxBytes = 128 * 1024 * 1024;
/** How often a table is vacuumed, at first a minute after the start; its retention says what goes. Milliseconds. */
const vacuumEveryMs = 15 * 60_000;
const firstVacuumAfterMs = 60_000;
/** How often the checkpoints of a table are thinned. Milliseconds. */
const thinEveryMs = 60_000;

export interface MaintenanceHooks {
  /** Files of the table (literal paths) that a query of this lake has yet to read, and its name. */
  neededFiles(table: string): Promise<ReadonlyMap<string, string>>;
  onError(table: string, error: unknown): void;
}

export interface MaintenanceOptions {
  /** Bytes that files should have. */
  targetSize?: number | undefined;
  /** The largest part of the time that joining may take, 0 to 1. */
  effort?: number | undefined;
  /** Joins, and deletes nothing. */
  keepsFiles?: boolean | undefined;
}

/** Files of about a size, in bytes. */
interface SizeClass {
  from: number;
  /** Exclusive. */
  to: number;
}

interface Watched {
  table: DeltaLog;
  /** Milliseconds since the epoch. */
  vacuumedAt: number;
  thinnedAt: number;
  /** The version up to which its checkpoints are thinned. */
  thinnedTo: number | undefined;
}

export class Maintenance {
  readonly #tables = new Map<string, Watched>();
  readonly #due = new Set<string>();
  readonly #classes: readonly SizeClass[];
  readonly #targetSize: number;
  readonly #effort: number;
  readonly #vacuums: boolean;
  #working: Promise<void> | undefined;
  /** Joining rests until then. Milliseconds since the epoch. */
  #restsUntil = Number.NEGATIVE_INFINITY;
  #closed = false;

  constructor(
    readonly clock: Clock,
    readonly hooks: MaintenanceHooks,
    { targetSize = defaultTargetSize, effort = defaultEffort, keepsFiles = false }: MaintenanceOptions = {},
  ) {
    this.#targetSize = targetSize;
    this.#classes = sizeClasses(targetSize);
    this.#effort = effort;
    this.#vacuums = !keepsFiles;
  }

  /** Takes a table into care, or goes on with a newly opened one. */
  watch(name: string, table: DeltaLog): void {
    const known = this.#tables.get(name);
    const vacuumedAt = known?.vacuumedAt ?? this.clock.now() - vacuumEveryMs + firstVacuumAfterMs;
    const thinnedAt = known?.thinnedAt ?? this.clock.now();
    this.#tables.set(name, { table, vacuumedAt, thinnedAt, thinnedTo: known?.thinnedTo });
  }

  /** After a commit: looks whether there is something to do, and begins it in the background. */
  consider(name: string): void {
    const watched = this.#tables.get(name);
    if (this.#closed || !watched || this.#due.has(name)) return;
    if (!this.#joiningIsDue(watched) && !this.#vacuumIsDue(watched) && !this.#thinningIsDue(watched)) return;
    this.#due.add(name);
    this.#working ??= this.#work();
  }

  /** Resolves when nothing is under way. */
  async idle(): Promise<void> {
    await this.#working;
  }

  /** At the end of available-now: does all there is to do in every table, and waits for it. */
  async settle(): Promise<void> {
    await this.idle();
    for (const [name, watched] of this.#tables) {
      watched.vacuumedAt = Number.NEGATIVE_INFINITY;
      watched.thinnedAt = Number.NEGATIVE_INFINITY;
      this.#restsUntil = Number.NEGATIVE_INFINITY;
      this.consider(name);
      await this.idle();
    }
  }

  /** Lets a rewrite that has begun finish, and begins no other. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#due.clear();
    await this.idle();
  }

  async #work(): Promise<void> {
    // The caller's commit comes first.
    await Promise.resolve();
    for (let [name] = this.#due; name !== undefined; [name] = this.#due) {
      this.#due.delete(name);
      const watched = this.#tables.get(name);
      if (!watched) continue;
      try {
        if (this.#joiningIsDue(watched)) await this.#join(watched.table);
        if (this.#thinningIsDue(watched)) await this.#thin(watched);
        if (this.#vacuumIsDue(watched) && !this.#closed) await this.#vacuum(name, watched);
      } catch (e) {
        this.hooks.onError(name, e);
      }
    }
    this.#working = undefined;
  }

  /** Smallest first: what is joined may fill the next class. */
  async #join(table: DeltaLog): Promise<void> {
    const began = this.clock.now();
    try {
      for (const sizes of this.#classes) {
        if (this.#closed) return;
        if (filesIn(table.snapshot, sizes) >= together)
          await optimize(table, { targetSize: this.#targetSize, sizes, maxBytes, auto: true });
      }
    } finally {
      const now = this.clock.now();
      this.#restsUntil = now + (now - began) * (1 / this.#effort - 1);
    }
  }

  async #vacuum(name: string, watched: Watched): Promise<void> {
    const { table } = watched;
    const now = this.clock.now();
    watched.vacuumedAt = now;
    await fitRetention(table, now);
    const needed = await this.hooks.neededFiles(name);
    await vacuum(table, { heldBy: (path) => needed.get(path) });
  }

  async #thin(watched: Watched): Promise<void> {
    watched.thinnedAt = this.clock.now();
    watched.thinnedTo = await thinCheckpoints(watched.table, watched.thinnedTo);
  }

  /** Some class has enough files to join, and joining has rested. */
  #joiningIsDue({ table }: Watched): boolean {
    if (this.#effort === 0 || this.clock.now() < this.#restsUntil) return false;
    return this.#classes.some((sizes) => filesIn(table.snapshot, sizes) >= together);
  }

  #thinningIsDue({ thinnedAt }: Watched): boolean {
    return this.#vacuums && this.clock.now() - thinnedAt >= thinEveryMs;
  }

  #vacuumIsDue({ vacuumedAt }: Watched): boolean {
    return this.#vacuums && this.clock.now() - vacuumedAt >= vacuumEveryMs;
  }
}

/** From the smallest files up to those of half the target: any two of them fit into one file. */
function sizeClasses(targetSize: number): SizeClass[] {
  return Array.from({ length: classes }, (_, i): SizeClass => {
    const to = targetSize / 2 / together ** (classes - 1 - i);
    return { from: i === 0 ? 0 : to / together, to };
  });
}

function filesIn({ files }: Snapshot, { from, to }: SizeClass): number {
  return files.reduce((count, { size }) => (size >= from && size < to ? count + 1 : count), 0);
}
