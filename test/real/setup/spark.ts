/** The Spark that `murmur spark up` installs, under .cache/: one for every suite. */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { installSpark, type SparkInstallation, sparkSettings } from '../../../src/spark-server/index.js';
import { cache } from './python.js';
import { PythonWorker } from './python-worker.js';

/** Settings of any Spark that works with Delta on a small machine; a server takes them by `--conf`. */
export const sparkConf: Readonly<Record<string, string>> = {
  ...sparkSettings({ cores: 2, memory: '1g' }),
  'spark.ui.enabled': 'false',
};

let home: Promise<SparkInstallation> | undefined;

/** Spark with Delta; the first call on a machine installs (needs Java 17, Python 3.11 and Maven). */
export function sparkHome(): Promise<SparkInstallation> {
  home ??= installSpark(join(cache, 'spark'), {
    env: { MURMUR_MAVEN_URL: 'mvn', PIP_NO_CACHE_DIR: '1', ...process.env },
    onStep: (what) => console.error(what),
  });
  return home;
}

/** A Spark that lives as long as a suite: `ask('sql', { text })` runs a statement and gives its rows. `dir` takes what it leaves. */
export async function startSpark(dir: string): Promise<PythonWorker> {
  const { python, env } = await sparkHome();
  const conf = {
    ...sparkConf,
    'spark.local.dir': join(dir, 'scratch'),
    'spark.sql.warehouse.dir': join(dir, 'warehouse'),
    'spark.sql.parquet.outputTimestampType': 'TIMESTAMP_MICROS',
    'spark.databricks.delta.retentionDurationCheck.enabled': 'false',
  };
  const script = fileURLToPath(new URL('./spark_worker.py', import.meta.url));
  return new PythonWorker(python, [script, JSON.stringify(conf)], { env, cwd: dir });
}
