/** Settings of a Spark that works with Delta on a small machine. */

export interface ServerSize {
  cores: number;
  /** Of the Java process, as Java writes it: `2g`. */
  memory: string;
}

/**
 * Any local Spark with Delta takes them, a server by `--conf`. The Java flags trade the last bit of speed for a start within
 * seconds and half the memory (without the room for compiled code that such a Java lacks, the plans of a day do not fit); as many partitions as cores, because there is nobody else to give work to.
 */
export function sparkSettings({ cores, memory }: ServerSize): Record<string, string> {
  const partitions = String(cores);
  return {
    'spark.master': `local[${cores}]`,
    'spark.driver.memory': memory,
    'spark.driver.extraJavaOptions':
      '-XX:TieredStopAtLevel=1 -XX:ReservedCodeCacheSize=256m -XX:+UseSerialGC -Xss4m -XX:-UsePerfData -Duser.timezone=UTC',
    'spark.sql.extensions': 'io.delta.sql.DeltaSparkSessionExtension',
    'spark.sql.catalog.spark_catalog': 'org.apache.spark.sql.delta.catalog.DeltaCatalog',
    'spark.sql.session.timeZone': 'UTC',
    'spark.sql.shuffle.partitions': partitions,
    'spark.sql.sources.parallelPartitionDiscovery.parallelism': partitions,
    'spark.databricks.delta.snapshotPartitions': partitions,
  };
}
