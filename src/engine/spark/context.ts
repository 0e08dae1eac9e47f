import type { Clock } from '../../base/clock.js';
import type { StructType } from '../../schema/column-types.js';
import type { Storage } from '../../storage/storage.js';
import type { ChangedFile } from '../engine.js';
import type { Retention } from '../table-properties.js';
import type { SparkSession } from './connect/index.js';
import type { BundleOnWorkers } from './scorer/scorer-command.js';
import type { LandingOptions } from './sql/landing/index.js';

/** Locations as the cluster sees them: absolute paths or URLs. */
export interface SparkPlaces {
  readonly landing: string;
  table(name: string): string;
  /** Of a stream that Spark runs. */
  checkpoint(stream: string): string;
}

/** How the files of the landing place are written. */
export interface LandingPlace extends Omit<LandingOptions, 'source' | 'opened'> {
  /** The landing place: a folder, or a URI of any scheme. */
  readonly root: string;
  readonly csv: {
    readonly header: 'auto' | 'yes' | 'no';
    /** One character, or `auto`. */
    readonly delimiter: string;
    /** Names of the columns, where the file has none or others. */
    readonly columns?: readonly string[] | undefined;
  };
}

/** The model that scores. */
export interface SparkModel {
  /** `name/version`. */
  readonly id: string;
  readonly digest: string;
  /** Makes the bundle known to a session's workers, and says where they find it. */
  provide(session: SparkSession): Promise<BundleOnWorkers>;
}

/** What the Spark engine needs of the world; whoever made it closes it. */
export interface SparkContext {
  /** Opens a session of its own on the server. @throws spark.* */
  connect(): Promise<SparkSession>;
  readonly places: SparkPlaces;
  /** How the files of the landing place are read. */
  readonly landing: LandingPlace & {
    /** Found by Databricks' Auto Loader, else by Spark's file source. */
    readonly autoLoader: boolean;
    /** Those that changed after they were read. */
    changedFiles(): Promise<ChangedFile[]>;
    /** Time between two looks for them. Milliseconds. */
    readonly lookMs: number;
  };
  /** Schema by table name, of every table that a query writes. */
  readonly contracts: Readonly<Record<string, StructType>>;
  readonly retention?: Readonly<Record<string, Retention>>;
  /** Statements that make the named functions of plans, once a session. */
  readonly functions: readonly string[];
  /** Asked whenever the stream that scores is started. */
  model(): Promise<SparkModel>;
  /** What the controller itself keeps of its queries, on this machine. */
  readonly checkpoints: { at(name: string): Storage };
  readonly clock?: Clock;
}
