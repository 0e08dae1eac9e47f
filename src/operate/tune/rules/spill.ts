/** Spill: rows that did not fit into a task's memory went to disk and came back. */
import type { Signals, StageSignal } from '../../../engine/signals.js';
import { type Finding, type Remedy, seen, sparkConf } from '../finding.js';
import { partitionsKey, sessionCores, usesAdaptive } from '../spark-settings.js';

/** Bytes of rows in memory: a smaller spill costs less than talking about it. */
const leastBytes = 64 * 2 ** 20;
/** A task that spilled so many times the median is skew: more partitions would not help it. */
const skewed = 5;
const mostPartitions = 2_000;
/** Settings that make Spark spill at a number of rows, whatever memory there is, and their defaults. */
const rowLimits: Readonly<Record<string, number>> = {
  'spark.sql.windowExec.buffer.spill.threshold': 2_147_483_647,
  'spark.sql.sortMergeJoinExec.buffer.spill.threshold': 2_147_483_647,
  'spark.sql.cartesianProductExec.buffer.spill.threshold': 2_147_483_647,
  'spark.sql.sessionWindow.buffer.spill.threshold': 2_147_483_647,
};

export function spill(signals: Signals): Finding[] {
  const spilled = (signals.stages ?? []).filter(
    (stage) => stage.diskSpilledBytes > 0 && stage.memorySpilledBytes > leastBytes,
  );
  if (spilled.length === 0) return [];
  const worst = spilled.reduce((a, b) => (b.memorySpilledBytes > a.memorySpilledBytes ? b : a));
  const remedies = remediesOf(signals, worst);
  return [
    {
      problem: 'spill',
      where: worst.work,
      seen: [
        seen('rows that did not fit, in memory', worst.memorySpilledBytes, 'bytes', leastBytes),
        seen('and on disk', worst.diskSpilledBytes, 'bytes', 0),
        seen('tasks', worst.tasks),
        seen('time in the garbage collector', worst.gcMs / Math.max(1, worst.runMs), 'share'),
        seen('stages that spilled', spilled.length),
      ],
      advice: adviceOf(remedies),
      remedies,
    },
  ];
}

function remediesOf(signals: Signals, stage: StageSignal): Remedy[] {
  const { conf } = signals;
  const lowered = Object.entries(rowLimits).filter(([key, usual]) => {
    const value = conf.get(key);
    return value !== undefined && Number(value) < usual / 1_000;
  });
  if (lowered.length > 0) return lowered.map(([key, usual]) => sparkConf(conf, key, usual));
  const memory: Remedy = {
    kind: 'server',
    key: 'spark.executor.memory (local: spark.driver.memory)',
    to: 'twice as much',
  };
  const isSkewed = stage.taskSpilledBytes.max > skewed * Math.max(1, stage.taskSpilledBytes.median);
  if (stage.shuffleReadBytes === 0 || (isSkewed && stage.tasks > 2)) return [memory];
  const partitions = enough(stage, sessionCores(signals));
  const now = Number(conf.get(partitionsKey) ?? 200);
  const more = partitions > now ? [sparkConf(conf, partitionsKey, partitions)] : [];
  // Adaptive execution joins partitions again, up to the size that is advised.
  const size = Math.max(1, Math.floor(stage.shuffleReadBytes / partitions / 2 ** 20));
  const smaller = usesAdaptive(conf)
    ? [sparkConf(conf, 'spark.sql.adaptive.advisoryPartitionSizeInBytes', `${size}m`)]
    : [];
  return [...more, ...smaller, memory];
}

/** So many partitions that a task's rows would have fitted into what its memory held, with half as much again to spare. */
function enough({ tasks, memorySpilledBytes, peakMemoryBytes }: StageSignal, cores: number): number {
  const wanted = tasks * (1 + memorySpilledBytes / Math.max(1, peakMemoryBytes)) * 1.5;
  return Math.min(mostPartitions, Math.max(2 * tasks, Math.ceil(wanted / cores) * cores));
}

function adviceOf([first]: readonly Remedy[]): string {
  if (first?.kind === 'setting' && first.path.at(-1)!.endsWith('.threshold'))
    return 'A setting makes Spark write rows to disk long before its memory is full; give it back its default.';
  if (first?.kind === 'setting')
    return 'Give each task less to hold: more and smaller shuffle partitions; more memory a core helps too.';
  return 'Single tasks hold more than fits: give the executors more memory a core, or fewer cores.';
}
