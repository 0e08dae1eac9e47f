/**
 * Apache Spark with Delta Lake under .cache/: Spark as PyPI has it, Delta's two jars from Maven Central beside Spark's own.
 * (Everything else that Delta asks for is in Spark already, and newer.)
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cache, pythonWith } from './python.js';
import { PythonWorker } from './python-worker.js';

const sparkVersion = '4.2.1';
const deltaVersion = '4.4.0';

export interface SparkHome {
  /** The interpreter that has pyspark. */
  python: string;
  /** Spark itself: `bin/spark-submit`, `jars/`. */
  home: string;
  /** Delta's jars; they lie in `jars/`, so nobody needs to name them. */
  jars: readonly string[];
  /** What every program of Spark's must find in its environment. */
  env: Record<string, string>;
}

/** Settings of any Spark that works with Delta on a small machine; a server takes them by `--conf`. */
export const sparkConf: Readonly<Record<string, string>> = {
  'spark.master': 'local[2]',
  'spark.driver.memory': '1g',
  'spark.driver.extraJavaOptions':
    '-XX:TieredStopAtLevel=1 -XX:+UseSerialGC -Xss4m -XX:-UsePerfData -Duser.timezone=UTC',
  'spark.ui.enabled': 'false',
  'spark.sql.extensions': 'io.delta.sql.DeltaSparkSessionExtension',
  'spark.sql.catalog.spark_catalog': 'org.apache.spark.sql.delta.catalog.DeltaCatalog',
  'spark.sql.session.timeZone': 'UTC',
  'spark.sql.shuffle.partitions': '2',
  'spark.sql.sources.parallelPartitionDiscovery.parallelism': '2',
  'spark.databricks.delta.snapshotPartitions': '2',
};

/** Spark with Delta; the first call on a machine installs (needs Java 17, Python 3.10 and Maven). */
export function sparkHome(): SparkHome {
  const python = pythonWith('spark', [`pyspark==${sparkVersion}`]);
  const home = execFileSync(python, ['-c', 'import os, pyspark; print(os.path.dirname(pyspark.__file__))'], {
    encoding: 'utf8',
  }).trim();
  const folder = join(home, 'jars');
  const ready = join(folder, `delta-${deltaVersion}.ready`);
  if (!existsSync(ready)) {
    fetchDelta(folder);
    writeFileSync(ready, '');
  }
  const jars = readdirSync(folder).filter((name) => name.startsWith('delta-') && name.endsWith('.jar'));
  return {
    python,
    home,
    jars: jars.map((name) => join(folder, name)),
    env: { SPARK_HOME: home, PYSPARK_PYTHON: python, SPARK_LOCAL_IP: '127.0.0.1' },
  };
}

/** A Spark that lives as long as a suite: `ask('sql', { text })` runs a statement and gives its rows. `dir` takes what it leaves. */
export function startSpark(dir: string): PythonWorker {
  const { python, env } = sparkHome();
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

function fetchDelta(folder: string): void {
  const work = join(cache, 'spark');
  const repository = join(work, 'maven');
  mkdirSync(work, { recursive: true });
  const artifacts = [`delta-spark_${sparkVersion.replace(/\.\d+$/, '')}_2.13`, 'delta-storage'].map(
    (name) => `<dependency><groupId>io.delta</groupId><artifactId>${name}</artifactId>
      <version>${deltaVersion}</version><exclusions><exclusion><groupId>*</groupId>
      <artifactId>*</artifactId></exclusion></exclusions></dependency>`,
  );
  const pom = join(work, 'pom.xml');
  writeFileSync(
    pom,
    `<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
     <groupId>murmur</groupId><artifactId>jars</artifactId><version>1</version><packaging>pom</packaging>
     <dependencies>${artifacts.join('')}</dependencies></project>`,
  );
  execFileSync(
    'mvn',
    [
      ...['-q', '-B', '-ntp', '-f', pom, `-Dmaven.repo.local=${repository}`],
      ...['dependency:copy-dependencies', `-DoutputDirectory=${folder}`],
    ],
    { stdio: 'inherit' },
  );
  rmSync(repository, { recursive: true });
}
