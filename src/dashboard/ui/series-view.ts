/** Series as graphs show them: without gaps, and as rates that do not jitter with the batches. */
import { dense, type SeriesColumns } from '../../figures/bounded-series.js';
import type { SeriesName } from '../messages.js';
import type { StreamSeries } from './page-model.js';

export type Range = 'recent' | 'all';

export interface StreamLines {
  /** Seconds since the epoch, as uPlot wants them. */
  at: number[];
  widthMs: number;
  /** One a stream, in order: rows a second, mean milliseconds a batch (null where there was none). */
  rows: number[][];
  durations: (number | null)[][];
}

/** The end of the newest bucket that is whole: messages come up to a second after what they tell. */
export function lastKnown(now: number, widthMs: number): number {
  return Math.floor((now - 1000) / widthMs) * widthMs - 1;
}

/** Mean over the last `size` values at each place; fewer at the start. */
export function trailingMean(values: readonly number[], size: number): number[] {
  return values.map((_, i) => {
    const first = Math.max(0, i - size + 1);
    let sum = 0;
    for (let j = first; j <= i; j++) sum += values[j]!;
    return sum / (i - first + 1);
  });
}

/**
 * All streams over one axis. `recent` is the last ten minutes by the second, each value over the ten seconds before it; `all` goes from the first
 * batch to the last.
 */
export function streamLines(series: readonly StreamSeries[], range: Range, now: number): StreamLines {
  const columns = series.map((one) => one[range].columns());
  const widthMs = Math.max(1000, ...columns.map((one) => one.widthMs));
  const shared = columns.map((one) => (one.widthMs === widthMs ? one : widened(one, widthMs)));
  const starts = shared.flatMap((one) => one.at.slice(0, 1));
  const ends = shared.flatMap((one) => one.at.slice(-1));
  if (starts.length === 0) return { at: [], widthMs, rows: [], durations: [] };

  const to = range === 'recent' ? lastKnown(now, widthMs) : Math.max(...ends);
  const from = Math.max(Math.min(...starts), range === 'recent' ? now - 600_000 : 0);
  const smooth = range === 'recent' ? 10 : 1;
  const column = (one: SeriesColumns<SeriesName>, name: SeriesName) =>
    trailingMean(dense(one, name, from, to, 0).values, smooth);
  const rows = shared.map((one) => column(one, 'output_rows').map((n) => (n * 1000) / widthMs));
  const durations = shared.map((one) => {
    const batches = column(one, 'batches');
    return column(one, 'duration_ms').map((ms, i) => (batches[i]! < 1e-6 ? null : ms / batches[i]!));
  });
  const at = dense(shared[0]!, 'batches', from, to, 0).at.map((ms) => ms / 1000);
  return { at, widthMs, rows, durations };
}

/** The same sums in wider buckets; each width divides the next, so none is split. */
function widened(series: SeriesColumns<SeriesName>, widthMs: number): SeriesColumns<SeriesName> {
  const wide: SeriesColumns<SeriesName> = {
    widthMs,
    at: [],
    batches: [],
    input_posts: [],
    output_rows: [],
    duration_ms: [],
  };
  series.at.forEach((at, i) => {
    const start = Math.floor(at / widthMs) * widthMs;
    if (wide.at.at(-1) !== start) {
      wide.at.push(start);
      for (const name of ['batches', 'input_posts', 'output_rows', 'duration_ms'] as const)
        wide[name].push(0);
    }
    for (const name of ['batches', 'input_posts', 'output_rows', 'duration_ms'] as const) {
      wide[name][wide.at.length - 1]! += series[name][i]!;
    }
  });
  return wide;
}
