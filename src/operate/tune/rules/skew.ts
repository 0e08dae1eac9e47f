/** Skew: one task, or one mention, has most of the rows. */
import type { Signals, StageSignal } from '../../../engine/signals.js';
import { type Finding, type Remedy, seen, sparkConf } from '../finding.js';

/** The longest task against the median one, in time and in bytes read. */
const ratio = 5;
/** A task shorter than this holds nobody up. Milliseconds. */
const leastMs = 1_000;
/** Fewer tasks say nothing about a median. */
const leastTasks = 4;
/** A mention with this share of all rows, in a table of so many files and bytes, makes the others dear to read. */
const hotShare = 0.5;
const leastFiles = 4;
const leastBytes = 64 * 2 ** 20;

const zOrder = ['mention', 'timestamp'];
/** What Spark may broadcast by default, in bytes. */
const broadcastBytes = 10 * 2 ** 20;

export function skew(signals: Signals): Finding[] {
  return [...skewedStages(signals), ...hotMention(signals)];
}

function skewedStages({ stages, conf }: Signals): Finding[] {
  const skewed = (stages ?? []).filter(isSkewed);
  if (skewed.length === 0) return [];
  const worst = skewed.reduce((a, b) => (b.taskMs.max > a.taskMs.max ? b : a));
  const remedies = remediesOf(conf, worst);
  return [
    {
      problem: 'skew',
      where: worst.work,
      seen: [
        seen('longest task', worst.taskMs.max, 'ms', leastMs),
        seen('longest task against the median one', timesOf(worst.taskMs), 'times', ratio),
        seen('bytes of that task against the median one', timesOf(worst.taskReadBytes), 'times', ratio),
        seen('tasks', worst.tasks),
        seen('stages that were skewed', skewed.length),
      ],
      advice:
        remedies.length > 0
          ? 'One key has most of the rows: let Spark send the small side of the join to all tasks, and split partitions that are much larger than the others.'
          : 'One key has most of the rows: aggregate in two steps, the first by the key and a random number (salting).',
      remedies,
    },
  ];
}

function isSkewed({ tasks, taskMs, taskReadBytes }: StageSignal): boolean {
  return (
    tasks >= leastTasks &&
    taskMs.max >= leastMs &&
    timesOf(taskMs) >= ratio &&
    timesOf(taskReadBytes) >= ratio
  );
}

function remediesOf(conf: ReadonlyMap<string, string>, { shuffleReadBytes }: StageSignal): Remedy[] {
  if (shuffleReadBytes === 0) return [];
  const on = ['spark.sql.adaptive.enabled', 'spark.sql.adaptive.skewJoin.enabled']
    .filter((key) => conf.get(key) === 'false')
    .map((key) => sparkConf(conf, key, 'true'));
  const threshold = sizeOf(conf.get('spark.sql.autoBroadcastJoinThreshold'));
  return threshold !== undefined && threshold < broadcastBytes
    ? [sparkConf(conf, 'spark.sql.autoBroadcastJoinThreshold', broadcastBytes), ...on]
    : on;
}

/** Rows of other mentions are read past those of this one, unless they stand in files of their own. */
function hotMention({ hottest, tables }: Signals): Finding[] {
  const gold = tables.find(({ table }) => table === 'gold');
  if (hottest === undefined || gold === undefined) return [];
  const share = hottest.rows / Math.max(1, hottest.allRows);
  if (share < hotShare || gold.files < leastFiles || gold.bytes < leastBytes) return [];
  if (gold.zOrderBy?.includes('mention')) return [];
  return [
    {
      problem: 'skew',
      where: `gold, @${hottest.mention}`,
      seen: [
        seen('rows of this mention', share, 'share', hotShare),
        seen('files that a question about another one reads', gold.files),
        seen('size of gold', gold.bytes, 'bytes'),
      ],
      advice:
        'Put gold into Z-order, so that rows of a mention stand together and the other files are passed over.',
      remedies: [{ kind: 'optimize', table: 'gold', zOrderBy: zOrder }],
    },
  ];
}

function timesOf({ median, max }: { median: number; max: number }): number {
  return max / Math.max(1, median);
}

/** Bytes of `10MB`, `10485760b`, `-1`. */
function sizeOf(text: string | undefined): number | undefined {
  const [, digits, unit = ''] = /^(-?\d+)\s*([kmg]?)i?b?$/i.exec(text?.trim() ?? '') ?? [];
  if (digits === undefined) return undefined;
  return (
    Number(digits) * { '': 1, k: 2 ** 10, m: 2 ** 20, g: 2 ** 30 }[unit.toLowerCase() as '' | 'k' | 'm' | 'g']
  );
}
