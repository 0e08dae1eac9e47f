/** What a lake on Spark tells of how well it works: tables and progress by SQL, stages and plans by the Spark UI where it is open. */
import { asMurmurError } from '../../base/errors.js';
import type { Signals } from '../../engine/signals.js';
import { parseAddress, type SparkSession } from '../../engine/spark/connect/index.js';
import type { SparkOptions } from '../../engine/spark/options.js';
import {
  type DescribedTable,
  describeTable,
  hottestMention,
  recordedBatches,
} from '../../engine/spark/table-signals.js';
import { readPython } from '../../engine/spark/ui/python-metrics.js';
import { openUi, readCores, type SparkUi } from '../../engine/spark/ui/rest.js';
import { readStages } from '../../engine/spark/ui/stage-metrics.js';
import { streamSignals } from '../../engine/stream-signals.js';
import { queryIdProperty } from '../../engine/table-properties.js';
import { tableNames } from '../../posts/tables.js';
import { noBatches, type SignalsQuery } from '../embedded-signals.js';
import { batchLimits } from '../queries.js';
import { placesOf } from './connect-lake.js';

/** Settings of a session that rules look at. */
export const tunedConf = [
  'spark.sql.shuffle.partitions',
  'spark.sql.adaptive.enabled',
  'spark.sql.adaptive.coalescePartitions.enabled',
  'spark.sql.adaptive.coalescePartitions.parallelismFirst',
  'spark.sql.adaptive.advisoryPartitionSizeInBytes',
  'spark.sql.adaptive.skewJoin.enabled',
  'spark.sql.autoBroadcastJoinThreshold',
  'spark.sql.windowExec.buffer.spill.threshold',
  'spark.sql.sortMergeJoinExec.buffer.spill.threshold',
  'spark.sql.cartesianProductExec.buffer.spill.threshold',
  'spark.sql.sessionWindow.buffer.spill.threshold',
  'spark.sql.execution.arrow.maxRecordsPerBatch',
  'spark.python.worker.reuse',
  'spark.databricks.delta.snapshotPartitions',
  'spark.databricks.delta.autoCompact.enabled',
  'spark.databricks.delta.optimizeWrite.enabled',
] as const;

/** @throws spark.* */
export async function sparkSignals(
  session: SparkSession,
  spark: SparkOptions,
  { lake, spec, since }: SignalsQuery,
): Promise<Signals> {
  const places = placesOf(lake);
  const described: DescribedTable[] = [];
  for (const name of tableNames) {
    const table = await describeTable(session, { name, path: places.table(name) }, spec.maintain.target_size);
    if (table !== undefined) described.push(table);
  }
  const streams = streamSignals(await recordedBatches(session, places.table('progress'), since), {
    // Spark counts files alone.
    limitsOf(stream) {
      const { limits, usual } = batchLimits(spec, stream);
      return {
        limits: { posts: undefined, files: limits.files },
        usual: { posts: undefined, files: usual.files },
      };
    },
    counts: false,
  });
  const ofLake = described.flatMap(({ properties }) => properties.get(queryIdProperty) ?? []);
  const told = await uiSignals(session, spark, {
    marks: [places.table(''), ...ofLake.map((id) => `id = ${id}`)],
    since,
  });
  return {
    streams,
    tables: described.map(({ signal }) => signal),
    hottest: await hottestMention(session, places.table('application')),
    scoring: undefined,
    joiningEffort: undefined,
    conf: await confOf(session),
    ...told,
    unseen: [...(streams.length > 0 ? [] : [{ signal: 'batches', why: noBatches }]), ...told.unseen],
  };
}

type ToldByUi = Pick<Signals, 'cores' | 'stages' | 'python' | 'unseen'>;

async function uiSignals(
  session: SparkSession,
  spark: SparkOptions,
  choice: { marks: readonly string[]; since: number },
): Promise<ToldByUi> {
  try {
    const ui = await uiOf(session, spark);
    const stages = await readStages(ui, choice);
    const python = await readPython(ui, stages);
    const none = {
      signal: 'stages',
      why: 'the UI remembers none of this lake since murmur.yaml was changed last',
    };
    return { cores: await readCores(ui), stages, python, unseen: stages.length > 0 ? [] : [none] };
  } catch (e) {
    const why = `spill, skew, shuffle and serialization stay unknown: ${asMurmurError(e).message}`;
    return { cores: undefined, stages: undefined, python: undefined, unseen: [{ signal: 'stages', why }] };
  }
}

async function uiOf(session: SparkSession, { ui, remote }: SparkOptions): Promise<SparkUi> {
  const conf = async (key: string, otherwise: string) => (await session.conf(key)) ?? otherwise;
  const id = await conf('spark.app.id', '');
  if (ui !== 'auto') return openUi([ui], id);
  const port = await conf('spark.ui.port', '4040');
  const hosts = [await conf('spark.driver.host', 'localhost'), parseAddress(remote).host];
  return openUi(
    hosts.map((host) => `http://${host}:${port}`),
    id,
  );
}

async function confOf(session: SparkSession): Promise<Map<string, string>> {
  const conf = new Map<string, string>();
  for (const key of tunedConf) {
    const value = await session.conf(key);
    if (value !== undefined) conf.set(key, value);
  }
  return conf;
}
