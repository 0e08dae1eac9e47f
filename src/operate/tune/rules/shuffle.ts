/** Shuffle: rows sent between tasks, in too many pieces, in too few, or over a slow network. */
import type { Signals, StageSignal } from '../../../engine/signals.js';
import { type Finding, type Remedy, seen, sparkConf } from '../finding.js';
import { partitionsKey, sessionCores } from '../spark-settings.js';

/** More tasks than this for each core, that are tiny, only cost their start. */
const tasksPerCore = 3;
/** A tiny task: shorter than this, and of less to read. */
const tinyMs = 200;
const tinyBytes = 2 ** 20;
/** What a task should read of a shuffle at most. */
const goodBytes = 128 * 2 ** 20;
const waitShare = 0.2;
/** Less waiting in a stage holds nobody up. Milliseconds. */
const leastWaitMs = 1_000;

const snapshotKey = 'spark.databricks.delta.snapshotPartitions';
const parallelismKey = 'spark.sql.adaptive.coalescePartitions.parallelismFirst';
const coalesceKey = 'spark.sql.adaptive.coalescePartitions.enabled';

export function shuffle(signals: Signals): Finding[] {
  const read = (signals.stages ?? []).filter(({ shuffleReadBytes }) => shuffleReadBytes > 0);
  return [...tooMany(signals, read), ...tooFew(signals, read), ...slow(read)];
}

function tooMany(signals: Signals, read: readonly StageSignal[]): Finding[] {
  const { conf, cores } = signals;
  if (cores === undefined || read.some(({ diskSpilledBytes }) => diskSpilledBytes > 0)) return [];
  const limit = tasksPerCore * cores;
  const tiny = read.filter(
    ({ tasks, taskMs, shuffleReadBytes }) =>
      tasks > limit && taskMs.median < tinyMs && shuffleReadBytes / tasks < tinyBytes,
  );
  const worst = most(tiny, ({ tasks }) => tasks);
  if (worst === undefined) return [];
  const good = Math.max(2 * cores, Math.ceil(worst.shuffleReadBytes / goodBytes));
  const remedies: Remedy[] = [];
  // Whichever of the two settings made the pieces: the snapshot of a table has its own.
  for (const [key, usual, wanted] of [
    [partitionsKey, 200, good],
    [snapshotKey, 50, cores],
  ] as const) {
    const now = Number(conf.get(key) ?? usual);
    if (now > limit && tiny.some(({ tasks }) => tasks === now)) remedies.push(sparkConf(conf, key, wanted));
  }
  if (remedies.length === 0) return [];
  if (conf.get(coalesceKey) === 'false') remedies.push(sparkConf(conf, coalesceKey, 'true'));
  return [
    {
      problem: 'shuffle',
      where: worst.work,
      seen: [
        seen('tasks behind a shuffle', worst.tasks, 'count', limit),
        seen('cores', cores),
        seen('median task', worst.taskMs.median, 'ms', tinyMs),
        seen('bytes for each of them', worst.shuffleReadBytes / worst.tasks, 'bytes', tinyBytes),
        seen('such stages', tiny.length),
      ],
      advice: `Take a small multiple of the ${cores} cores as partitions: each of these tasks costs more to start than it has to do.`,
      remedies,
    },
  ];
}

function tooFew(signals: Signals, read: readonly StageSignal[]): Finding[] {
  const cores = sessionCores(signals);
  const few = read.filter(
    ({ tasks, shuffleReadBytes }) => tasks < cores && shuffleReadBytes > cores * goodBytes,
  );
  const worst = most(few, ({ shuffleReadBytes }) => shuffleReadBytes);
  if (worst === undefined) return [];
  const { conf } = signals;
  const remedies = [
    ...(Number(conf.get(partitionsKey) ?? 200) < cores ? [sparkConf(conf, partitionsKey, 2 * cores)] : []),
    ...(conf.get(parallelismKey) === 'false' ? [sparkConf(conf, parallelismKey, 'true')] : []),
  ];
  if (remedies.length === 0) return [];
  return [
    {
      problem: 'shuffle',
      where: worst.work,
      seen: [
        seen('tasks behind a shuffle', worst.tasks, 'count', cores),
        seen('bytes that they read', worst.shuffleReadBytes, 'bytes', cores * goodBytes),
      ],
      advice: 'Cut the shuffle into as many pieces as there are cores at least, so that none of them idles.',
      remedies,
    },
  ];
}

function slow(read: readonly StageSignal[]): Finding[] {
  const waiting = read.filter(
    ({ fetchWaitMs, runMs }) => fetchWaitMs > leastWaitMs && fetchWaitMs > waitShare * runMs,
  );
  const worst = most(waiting, ({ fetchWaitMs }) => fetchWaitMs);
  if (worst === undefined) return [];
  return [
    {
      problem: 'shuffle',
      where: worst.work,
      seen: [
        seen(
          'time that tasks waited for rows of others',
          worst.fetchWaitMs / worst.runMs,
          'share',
          waitShare,
        ),
        seen('waited', worst.fetchWaitMs, 'ms', leastWaitMs),
        seen('bytes that they read', worst.shuffleReadBytes, 'bytes'),
      ],
      advice:
        'Send fewer rows between machines: fewer and larger executors, or a faster network between them.',
      remedies: [],
    },
  ];
}

function most(stages: readonly StageSignal[], of: (stage: StageSignal) => number): StageSignal | undefined {
  return stages.reduce<StageSignal | undefined>(
    (best, stage) => (best === undefined || of(stage) > of(best) ? stage : best),
    undefined,
  );
}
