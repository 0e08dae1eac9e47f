/**
 * Maintenance beside the queries: files of a streaming table are small because batches are, so they are joined by size,
 * tier by tier, which rewrites each row only a few times however long the stream is. What joining left behind is
 * deleted after the table's retention. One table at a time, never on the path of a commit; what fails is left for later.
 */
import type { Clock } from '../../base/clock.js';
import { type DeltaLog, optimize, type Snapshot, vacuum } from '../../delta/index.js';

/** Bytes that a table's files should have where nobody says otherwise. */
const defaultTargetSize = 64 * 1024 * 1024;
/** Bytes. A file below a tier is joined with others up to it; the target size is the last tier. */
const lowerTiers = [256 * 1024, 4 * 1024 * 1024] as const;
/** Small files of one tier that are worth a rewrite. */
const minFiles = 10;
/** Most bytes read by one rewrite, so that maintenance never keeps the machine for long. */
const maxBytes = 128 * 1024 * 1024;
/** How often a table is vacuumed, at first a minute after the start; its retention says what goes. Milliseconds. */
const vacuumEveryMs = 15 * 60_000;
const firstVacuumAfterMs = 60_000;

export interface MaintenanceHooks {
  /** Files of the table (literal paths) that a query of this lake has yet to read, and its name. */
  neededFiles(table: string): Promise<ReadonlyMap<string, string>>;
  onError(table: string, error: unknown): void;
}

export interface MaintenanceOptions {
  /** Bytes that files should have. */
  targetSize?: number | undefined;
  /** Joins, and deletes nothing. */
  keepsFiles?: boolean | undefined;
}

interface Watched {
  table: DeltaLog;
  /** Milliseconds since the epoch. */
  vacuumedAt: number;
}

export class Maintenance {
  readonly #tables = new Map<string, Watched>();
  readonly #due = new Set<string>();
  #working: Promise<void> | undefined;
  #closed = false;

  readonly #tiers: readonly number[];
  readonly #vacuums: boolean;

  constructor(
    readonly clock: Clock,
    readonly hooks: MaintenanceHooks,
    { targetSize = defaultTargetSize, keepsFiles = false }: MaintenanceOptions = {},
  ) {
    this.#tiers = [...lowerTiers.filter((tier) => tier < targetSize), targetSize];
    this.#vacuums = !keepsFiles;
  }

  /** Takes a table into care, or goes on with a newly opened one. */
  watch(name: string, table: DeltaLog): void {
    const vacuumedAt =
      this.#tables.get(name)?.vacuumedAt ?? this.clock.now() - vacuumEveryMs + firstVacuumAfterMs;
    this.#tables.set(name, { table, vacuumedAt });
  }

  /** After a commit: looks whether there is something to do, and begins it in the background. */
  consider(name: string): void {
    const watched = this.#tables.get(name);
    if (this.#closed || !watched || this.#due.has(name)) return;
    if (!this.#joiningIsDue(watched) && !this.#vacuumIsDue(watched)) return;
    this.#due.add(name);
    this.#working ??= this.#work();
  }

  /** At the end of available-now: does all there is to do in every table, and waits for it. */
  async settle(): Promise<void> {
    for (const [name, watched] of this.#tables) {
      watched.vacuumedAt = Number.NEGATIVE_INFINITY;
      this.consider(name);
    }
    await this.#working;
  }

  /** Lets a rewrite that has begun finish, and begins no other. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#due.clear();
    await this.#working;
  }

  async #work(): Promise<void> {
    // The caller's commit comes first.
    await Promise.resolve();
    for (let [name] = this.#due; name !== undefined; [name] = this.#due) {
      this.#due.delete(name);
      const watched = this.#tables.get(name);
      if (!watched) continue;
      try {
        await this.#join(watched.table);
        if (this.#vacuumIsDue(watched) && !this.#closed) await this.#vacuum(name, watched);
      } catch (e) {
        this.hooks.onError(name, e);
      }
    }
    this.#working = undefined;
  }

  async #join(table: DeltaLog): Promise<void> {
    for (const tier of this.#tiers) {
      if (this.#closed) return;
      if (smallFiles(table.snapshot, tier) >= minFiles)
        await optimize(table, { targetSize: tier, maxBytes, auto: true });
    }
  }

  async #vacuum(name: string, watched: Watched): Promise<void> {
    watched.vacuumedAt = this.clock.now();
    const needed = await this.hooks.neededFiles(name);
    await vacuum(watched.table, { heldBy: (path) => needed.get(path) });
  }

  /** Some tier has enough small files to join. */
  #joiningIsDue({ table }: Watched): boolean {
    return this.#tiers.some((tier) => smallFiles(table.snapshot, tier) >= minFiles);
  }

  #vacuumIsDue({ vacuumedAt }: Watched): boolean {
    return this.#vacuums && this.clock.now() - vacuumedAt >= vacuumEveryMs;
  }
}

function smallFiles({ files }: Snapshot, tier: number): number {
  return files.reduce((count, { size }) => (size < tier ? count + 1 : count), 0);
}
