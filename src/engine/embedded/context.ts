import { type Clock, systemClock } from '../../base/clock.js';
import type { DeltaEnv } from '../../delta/index.js';
import type { DuckDatabase } from '../../duck/index.js';
import type { StructType } from '../../schema/column-types.js';
import type { ScalarFunction } from '../../schema/scalar-function.js';
import type { Scorer } from '../../scoring/scorer.js';
import type { Source } from '../../sources/source.js';
import type { Storage } from '../../storage/storage.js';
import type { ScoringReport } from '../engine.js';
import type { Retention } from '../table-properties.js';
import type { BatchModel } from '../wal.js';
import type { Canonical } from './landing-input.js';

/** Where things of a kind are, by name: the folders below a root. */
export interface Places {
  at(name: string): Storage;
}

/** The scores of a batch, one post each. */
export interface ScoredBatch {
  readonly batchId: number;
  readonly model: BatchModel;
  readonly posts: readonly ScoredPost[];
}

export interface ScoredPost {
  readonly source: string | null;
  readonly postId: string | null;
  readonly text: string;
  readonly sentiment: string;
  /** 0–100. */
  readonly score: number;
}

/** What the embedded engine needs from the world; all of it is closed by whoever made it, but what `open` gives. */
export interface EmbeddedContext {
  /** Each table by its name. */
  readonly tables: Places;
  /** Each query's checkpoint by its name, on a local disk; names with a dot are the engine's own. */
  readonly checkpoints: Places;
  readonly landing: {
    /** For people: `landing/`. */
    readonly name: string;
    /** Opens the landing place for one query, which closes it when it ends. `notes` is for the source alone. */
    open(notes: Storage): Promise<Source>;
    readonly canonical: Canonical;
  };
  /** Each query takes a connection of its own. */
  readonly duck: DuckDatabase;
  readonly delta: DeltaEnv;
  /**
   * The scorer. Asked with null when a batch is planned, and only then: the moment at which another model may take over.
   * Asked with the planned model when the batch is worked on, in this process or in a later one.
   */
  scorer(wanted: BatchModel | null): Promise<Scorer>;
  /** Looks at the scores of a batch before its commit. It must not throw, and changes nothing in the rows. */
  observe?(batch: ScoredBatch, signal: AbortSignal): Promise<ScoringReport>;
  /** The named functions of plans, registered once in `duck`. */
  readonly functions: { readonly scalars: readonly ScalarFunction[]; readonly macros: readonly string[] };
  /** Schema by table name, of every table that a query writes. */
  readonly contracts: Readonly<Record<string, StructType>>;
  /** By table name; default: removed files 1 day, the log 2 days. */
  readonly retention?: Readonly<Record<string, Retention>>;
  /** Bytes that a table's files should have; smaller ones are joined in the background. Default 64 MiB. */
  readonly targetSize?: number;
  /** The largest part of the time that joining may take, 0 to 1. Default 0.1. */
  readonly effort?: number;
  /** Never deletes a data file: the tables' folders hold files that others need and these logs do not name. */
  readonly keepsFiles?: boolean;
  readonly clock?: Clock;
}

export function clockOf(context: EmbeddedContext): Clock {
  return context.clock ?? systemClock;
}
