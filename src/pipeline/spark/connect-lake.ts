/** A lake on Spark: sessions as all work on it needs them, and locations as the cluster sees them. */
import type { SparkSession } from '../../engine/spark/connect/index.js';
import type { SparkPlaces } from '../../engine/spark/context.js';
import type { SparkOptions } from '../../engine/spark/options.js';
import type { Lake } from '../../lake/lake.js';
import { isRemote } from '../../storage/open-storage.js';

/** What our plans rely on; the lake's own settings go before. */
const conf = {
  'spark.sql.session.timeZone': 'UTC',
  'spark.sql.execution.arrow.maxRecordsPerBatch': '2000',
};

/** The client is loaded here, so that no lake without Spark waits for it. @throws spark.* */
export async function connectLake({ remote, token, conf: own }: SparkOptions): Promise<SparkSession> {
  const { connectSpark } = await import('../../engine/spark/connect/index.js');
  const session = await connectSpark(remote, token === '' ? {} : { token });
  try {
    await session.setConf({ ...conf, ...own });
    return session;
  } catch (e) {
    await session.close();
    throw e;
  }
}

/** The folder of Spark's checkpoints where the tables are in a bucket. */
export const checkpointsBesideTables = '_checkpoints';

/** Spark's checkpoints stand beside the tables, since the whole cluster must reach them. */
export function placesOf({ paths }: Lake): SparkPlaces {
  const tables = asSparkSees(paths.tables);
  const checkpoints = isRemote(paths.tables) ? `${tables}/${checkpointsBesideTables}` : paths.checkpoints;
  return {
    landing: asSparkSees(paths.landing),
    table: (name) => `${tables}/${name}`,
    checkpoint: (stream) => `${checkpoints}/${stream}`,
  };
}

/** Hadoop calls today's S3 connector s3a. */
function asSparkSees(location: string): string {
  return location.replace(/^s3:/, 's3a:');
}
