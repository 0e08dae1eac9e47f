/** Signals of a lake in good order, as a run leaves them behind, to be spoiled one by one. */
import type {
  PythonSignal,
  Signals,
  StageSignal,
  StreamSignal,
  TableSignal,
} from '../../../src/engine/signals.js';

const mib = 2 ** 20;

export function goodStream(
  stream: StreamSignal['stream'],
  changes: Partial<StreamSignal> = {},
): StreamSignal {
  return {
    stream,
    batches: 40,
    posts: 36_000,
    durationMs: 60_000,
    workMs: 52_000,
    scoreMs: stream === 'gold' ? 50_000 : 0,
    full: 4,
    waiting: 8,
    backlog: { first: 12, last: 0 },
    limits: { posts: 5_000, files: 1_000 },
    usual: { posts: 5_000, files: 1_000 },
    ...changes,
  };
}

export function goodTable(table: string, changes: Partial<TableSignal> = {}): TableSignal {
  return {
    table,
    files: 60,
    bytes: 3_000 * mib,
    smallFiles: 30,
    smallBytes: 40 * mib,
    targetSize: 64 * mib,
    zOrderBy: undefined,
    ...changes,
  };
}

export function goodStage(changes: Partial<StageSignal> = {}): StageSignal {
  return {
    id: 7,
    work: 'gold',
    tasks: 4,
    runMs: 8_000,
    gcMs: 200,
    fetchWaitMs: 10,
    inputBytes: 0,
    shuffleReadBytes: 100 * mib,
    shuffleWriteBytes: 0,
    memorySpilledBytes: 0,
    diskSpilledBytes: 0,
    peakMemoryBytes: 200 * mib,
    taskMs: { median: 1_900, max: 2_600 },
    taskReadBytes: { median: 24 * mib, max: 30 * mib },
    taskSpilledBytes: { median: 0, max: 0 },
    ...changes,
  };
}

export function goodPython(changes: Partial<PythonSignal> = {}): PythonSignal {
  return {
    work: 'gold',
    node: 'MapInArrow',
    rows: 20_000,
    sentBytes: 4 * mib,
    receivedBytes: 5 * mib,
    runMs: 40_000,
    ...changes,
  };
}

/** Of this process. */
export function goodEmbedded(changes: Partial<Signals> = {}): Signals {
  return {
    cores: 4,
    streams: [goodStream('bronze'), goodStream('silver'), goodStream('gold'), goodStream('application')],
    tables: ['bronze', 'silver', 'gold', 'application', 'progress'].map((table) => goodTable(table)),
    hottest: { mention: 'ann', rows: 900, allRows: 30_000 },
    scoring: { threads: 4, cache: true, texts: undefined },
    joiningEffort: 0.1,
    stages: undefined,
    python: undefined,
    conf: new Map(),
    unseen: [],
    ...changes,
  };
}

/** Of a cluster with four cores. */
export function goodSpark(changes: Partial<Signals> = {}): Signals {
  const limits = { posts: undefined, files: 1_000 };
  return {
    ...goodEmbedded(),
    streams: goodEmbedded().streams.map((stream) => ({
      ...stream,
      limits,
      usual: limits,
      workMs: undefined,
      full: 0,
    })),
    scoring: undefined,
    joiningEffort: undefined,
    stages: [goodStage(), goodStage({ work: 'application', tasks: 8 }), goodStage({ work: 'OPTIMIZE' })],
    python: [goodPython()],
    conf: goodConf(),
    ...changes,
  };
}

export function goodConf(changes: Record<string, string> = {}): Map<string, string> {
  return new Map(
    Object.entries({
      'spark.sql.shuffle.partitions': '8',
      'spark.databricks.delta.snapshotPartitions': '4',
      'spark.sql.adaptive.enabled': 'true',
      'spark.sql.adaptive.coalescePartitions.enabled': 'true',
      'spark.sql.adaptive.skewJoin.enabled': 'true',
      'spark.sql.autoBroadcastJoinThreshold': '10485760b',
      'spark.sql.execution.arrow.maxRecordsPerBatch': '2000',
      'spark.sql.windowExec.buffer.spill.threshold': '2147483647',
      'spark.python.worker.reuse': 'true',
      ...changes,
    }),
  );
}
