import type { Clock } from '../../base/clock.js';
import type { StructType } from '../../schema/column-types.js';
import type { Storage } from '../../storage/storage.js';
import type { Retention } from '../table-properties.js';
import type { SparkSession } from './connect/index.js';
import type { BundleOnWorkers } from './scorer/scorer-command.js';

/** Locations as the cluster sees them: absolute paths or URLs. */
export interface SparkPlaces {
  readonly landing: string;
  table(name: string): string;
  /** Of a stream that Spark runs. */
  checkpoint(stream: string): string;
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
  /** Relation of raw text files to the rows that bronze's plan reads, as SQL over `input`. */
  readonly landing: {
    readonly format: string;
    readonly options: Readonly<Record<string, string>>;
    readonly sql: string;
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
