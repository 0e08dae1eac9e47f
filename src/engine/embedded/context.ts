import { type Clock, systemClock } from '../../base/clock.js';
import type { DeltaEnv } from '../../delta/index.js';
import type { DuckDatabase } from '../../duck/index.js';
import type { StructType } from '../../schema/column-types.js';
import type { ScalarFunction } from '../../schema/scalar-function.js';
import type { Scorer } from '../../scoring/scorer.js';
import type { Source } from '../../sources/source.js';
import type { Storage } from '../../storage/storage.js';
import type { Canonical } from './landing-input.js';
import type { Retention } from './table-properties.js';
import type { BatchModel } from './wal.js';

/** What the embedded engine needs from the world; all of it is closed by whoever made it, but what `open` gives. */
export interface EmbeddedContext {
  /** Root of the tables: each is the folder of its name. */
  readonly tables: Storage;
  /** Root of the checkpoints: each query's is the folder of its name. On a local disk. */
  readonly checkpoints: Storage;
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
   * The scorer, asked for before each batch that scores. A replayed batch names the model that its first try was planned
   * with; where that one cannot be had any more, the current one is right: nothing of the batch was visible.
   */
  scorer(wanted: BatchModel | null): Promise<Scorer>;
  /** The named functions of plans, registered once in `duck`. */
  readonly functions: { readonly scalars: readonly ScalarFunction[]; readonly macros: readonly string[] };
  /** Schema by table name, of every table that a query writes. */
  readonly contracts: Readonly<Record<string, StructType>>;
  /** By table name; default: removed files 1 day, the log 2 days. */
  readonly retention?: Readonly<Record<string, Retention>>;
  /** Bytes that a table's files should have; smaller ones are joined in the background. Default 64 MiB. */
  readonly targetSize?: number;
  readonly clock?: Clock;
}

export function clockOf(context: EmbeddedContext): Clock {
  return context.clock ?? systemClock;
}
