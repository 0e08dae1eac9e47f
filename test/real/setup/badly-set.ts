/** Lakes on Spark that are badly set, each with one of the five problems, and a job of the lake's kind that suffers from it. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { project, type SparkSession, sqlRelation } from '../../../src/engine/spark/connect/index.js';
import { deltaTable } from '../../../src/engine/spark/sql-text.js';
import { type OpenLake, openLake } from '../../../src/index.js';
import type { Problem } from '../../../src/operate/tune/finding.js';
import { connectLake } from '../../../src/pipeline/spark/connect-lake.js';
import { sameRows } from './same-rows.js';

export interface BadlySet {
  problem: Problem;
  /** Settings of the session in the lake's murmur.yaml. */
  conf: Readonly<Record<string, string>>;
  /** What they are after `tune --apply`. */
  mended: Readonly<Record<string, string>>;
  /** A number of the finding: part of what it is called, and what was planted. */
  number: { what: string; atLeast?: number; atMost?: number };
  prepare?(session: SparkSession, tables: string): Promise<void>;
  /** @param before the job over tables as they were before they were mended */
  job(session: SparkSession, tables: string, before: boolean): Promise<unknown>;
}

/** Posts in gold; nine of ten mention the same. */
const posts = 600_000;

const gold = (tables: string) => deltaTable(`${tables}/gold`);
const application = (tables: string) => deltaTable(`${tables}/application`);
const silver = (tables: string) => deltaTable(`${tables}/silver`);

export async function makeTables(session: SparkSession, tables: string): Promise<void> {
  await session.sql(
    `CREATE TABLE ${gold(tables)} USING delta AS
     SELECT IF(id % 10 < 9, 'hot', concat('u', id % 5000)) AS mention, concat('text of post ', id, ' ', repeat('x', 40)) AS text,
       timestamp_micros(id * 1000000) AS timestamp, element_at(array('positive', 'negative', 'neutral'), CAST(id % 3 + 1 AS INT)) AS predicted_sentiment
     FROM range(${posts})`,
  );
  const counted = ['positive', 'negative', 'neutral'].map(
    (label) => `count_if(predicted_sentiment = '${label}') AS ${label}`,
  );
  await session.sql(
    `CREATE TABLE ${application(tables)} USING delta AS SELECT mention, ${counted.join(', ')} FROM ${gold(tables)} GROUP BY mention`,
  );
}

/** Application's aggregation. */
function aggregation(table: string): string {
  return `SELECT mention, count_if(predicted_sentiment = 'positive') AS positive, min(timestamp) AS min_timestamp, max(timestamp) AS max_timestamp FROM ${table} GROUP BY mention`;
}

export const badlySet: Readonly<Record<string, BadlySet>> = {
  'too many shuffle partitions': {
    problem: 'shuffle',
    conf: {
      'spark.sql.shuffle.partitions': '400',
      'spark.sql.adaptive.coalescePartitions.enabled': 'false',
    },
    mended: {
      'spark.sql.shuffle.partitions': '4',
      'spark.sql.adaptive.coalescePartitions.enabled': 'true',
    },
    number: { what: 'tasks behind a shuffle', atLeast: 400 },
    job: (session, tables) => session.rows(aggregation(gold(tables))),
  },
  'thousands of tiny files': {
    problem: 'storage',
    conf: {
      'spark.databricks.delta.optimizeWrite.enabled': 'false',
      'spark.databricks.delta.autoCompact.enabled': 'false',
    },
    mended: {
      'spark.databricks.delta.optimizeWrite.enabled': 'true',
      'spark.databricks.delta.autoCompact.enabled': 'true',
    },
    number: { what: 'small files', atLeast: 2_000 },
    async prepare(session, tables) {
      await session.sql(
        `CREATE TABLE ${silver(tables)} USING delta AS SELECT /*+ REPARTITION(2000) */ * FROM ${gold(tables)} WHERE pmod(hash(text), 20) = 0`,
      );
    },
    job: (session, tables, before) =>
      session.rows(aggregation(`${silver(tables)}${before ? ' VERSION AS OF 0' : ''}`)),
  },
  'a mention that most rows have': {
    problem: 'skew',
    conf: {
      'spark.sql.adaptive.enabled': 'false',
      'spark.sql.autoBroadcastJoinThreshold': '-1',
      'spark.sql.shuffle.partitions': '6',
    },
    mended: {
      'spark.sql.adaptive.enabled': 'true',
      'spark.sql.autoBroadcastJoinThreshold': '10485760',
      'spark.sql.shuffle.partitions': '6',
    },
    number: { what: 'bytes of that task against the median one', atLeast: 5 },
    job: (session, tables) =>
      session.rows(
        `SELECT count(*), max(share), max(length(text)) FROM (
           SELECT g.mention, g.text, a.positive / (a.positive + a.negative + copy) AS share
           FROM (SELECT mention, text, explode(sequence(1, 4)) AS copy FROM ${gold(tables)}) g
           JOIN ${application(tables)} a ON g.mention = a.mention)`,
      ),
  },
  'tiny Arrow batches': {
    problem: 'serialization',
    conf: { 'spark.sql.execution.arrow.maxRecordsPerBatch': '1' },
    mended: { 'spark.sql.execution.arrow.maxRecordsPerBatch': '2000' },
    number: { what: 'rows in an Arrow batch', atMost: 1 },
    job(session, tables) {
      const some = sqlRelation(`SELECT mention, text FROM ${gold(tables)} WHERE pmod(hash(text), 6) = 0`);
      const same = sameRows(some, { mention: 'string', text: 'string' });
      return session.rows(project(same, ['max(length(text)) AS longest']));
    },
  },
  'a window that spills': {
    problem: 'spill',
    conf: { 'spark.sql.windowExec.buffer.spill.threshold': '5000' },
    mended: { 'spark.sql.windowExec.buffer.spill.threshold': '2147483647' },
    number: { what: 'rows that did not fit, in memory', atLeast: 64 * 2 ** 20 },
    job: (session, tables) =>
      session.rows(
        `SELECT count(*), max(share) FROM (SELECT text, count_if(predicted_sentiment = 'positive') OVER (PARTITION BY mention)
           / count(*) OVER (PARTITION BY mention) AS share FROM ${gold(tables)})`,
      ),
  },
};

/** Writes a lake's settings. What ran before is another lake's matter from now on. */
export function configure(dir: string, remote: string, conf: Readonly<Record<string, string>>): void {
  const lines = Object.entries(conf).map(([key, value]) => `      ${key}: "${value}"`);
  const own = lines.length === 0 ? [] : ['    conf:', ...lines];
  writeFileSync(
    join(dir, 'murmur.yaml'),
    ['# written by hand', 'mlflow: off', 'engine:', '  spark:', `    remote: "${remote}"`, ...own, ''].join(
      '\n',
    ),
  );
}

/** The lake as it is set now, and a session as its work has them. */
export async function opened(dir: string): Promise<{ lake: OpenLake; session: SparkSession }> {
  const lake = await openLake(dir);
  const { engine } = lake.spec;
  if (engine === 'embedded') throw new Error(`${dir} does not run on Spark`);
  return { lake, session: await connectLake(engine.spark) };
}
