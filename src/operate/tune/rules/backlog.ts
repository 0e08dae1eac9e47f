/** Backlog: a stream that falls behind, or that could do the same work in fewer batches or on more cores. */
import type { Signals, StreamSignal } from '../../../engine/signals.js';
import { type Finding, type Remedy, seen, setting } from '../finding.js';

/** Fewer batches say nothing yet. */
const leastBatches = 6;
/** Batches that took all that they may take, or left files waiting. */
const limitedShare = 0.5;
/** Time of a batch that does not grow with its posts. */
const fixedShare = 0.5;
/** Scoring on fewer cores than there are matters from this share of gold's time on. */
const scoringShare = 0.1;
/** Files that wait in vain: so many more after the last batch than after the first. */
const leastGrowth = 10;

export function backlog(signals: Signals): Finding[] {
  const streams = signals.streams.filter(({ batches }) => batches >= leastBatches);
  const small = streams.flatMap(smallBatches);
  const slow = fewThreads(signals);
  const behind = small.length + slow.length === 0 ? streams.flatMap(fallingBehind) : [];
  return [...small, ...slow, ...behind];
}

function smallBatches(signal: StreamSignal): Finding[] {
  const { stream, batches, limits, usual, full, waiting } = signal;
  const remedies: Remedy[] = [];
  if (limits.posts !== undefined && limits.posts < usual.posts! && full / batches >= limitedShare)
    remedies.push(setting(`streams.${stream}.max_posts`, limits.posts, usual.posts!));
  if (limits.files < usual.files && waiting / batches >= limitedShare)
    remedies.push(setting(`streams.${stream}.max_files`, limits.files, usual.files));
  const { workMs, durationMs } = signal;
  const fixed = workMs === undefined ? undefined : 1 - workMs / Math.max(1, durationMs);
  if (remedies.length === 0 || (fixed !== undefined && fixed < fixedShare)) return [];
  return [
    {
      problem: 'backlog',
      where: stream,
      seen: [
        seen(
          'batches with more waiting behind them',
          Math.max(full, waiting) / batches,
          'share',
          limitedShare,
        ),
        seen('batches', batches),
        seen('posts in a batch', signal.posts / batches),
        seen('time of a batch', durationMs / batches, 'ms'),
        ...(fixed === undefined ? [] : [seen('of it to plan, write and commit', fixed, 'share', fixedShare)]),
      ],
      advice: 'Let a batch take more: so small a one pays mostly for itself.',
      remedies,
    },
  ];
}

function fewThreads({ cores, scoring, streams }: Signals): Finding[] {
  const gold = streams.find(({ stream }) => stream === 'gold');
  if (cores === undefined || scoring === undefined || gold === undefined) return [];
  const share = gold.scoreMs / Math.max(1, gold.durationMs);
  if (scoring.threads >= cores || share < scoringShare) return [];
  return [
    {
      problem: 'backlog',
      where: 'gold',
      seen: [
        seen('cores that score', scoring.threads, 'count', cores),
        seen('cores of this machine', cores),
        seen("of gold's time that is scoring", share, 'share', scoringShare),
      ],
      advice: 'Score on all cores: the model is most of the work, and the others idle meanwhile.',
      remedies: [setting('streams.gold.threads', scoring.threads, 'auto')],
    },
  ];
}

function fallingBehind({
  stream,
  batches,
  waiting,
  backlog: files,
  posts,
  durationMs,
}: StreamSignal): Finding[] {
  if (waiting < batches || files.last - files.first < leastGrowth) return [];
  return [
    {
      problem: 'backlog',
      where: stream,
      seen: [
        seen('files that wait', files.last, 'count', files.first + leastGrowth),
        seen('files that waited when it began', files.first),
        seen('posts a second', (posts / Math.max(1, durationMs)) * 1000),
      ],
      advice:
        'More arrives than this machine can do: give it more cores, or a lighter model, or run the lake on Spark.',
      remedies: [],
    },
  ];
}
