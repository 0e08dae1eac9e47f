/** The graphs' memory of batches: two bounded series a stream, whatever the number of batches. */
import { BoundedSeries } from '../figures/bounded-series.js';
import {
  allLimits,
  type BatchPoint,
  type History,
  recentLimits,
  type SeriesName,
  seriesNames,
} from './messages.js';

/** Batches that were gathered into one before they came here. */
export type BatchSum = Omit<BatchPoint, 'seq'> & { batches: number };

export class BatchHistory {
  readonly #streams: Map<string, { recent: BoundedSeries<SeriesName>; all: BoundedSeries<SeriesName> }>;
  #seq: number;

  /**
   * @param streams their names, in the order in which they are shown; a new name comes last
   * @param seq numbers go on behind it
   */
  constructor(streams: readonly string[], seq = 0) {
    this.#seq = seq;
    this.#streams = new Map(streams.map((stream) => [stream, emptySeries()]));
  }

  /** Adds what a table remembers; it gets no number of its own and is not announced. */
  restore(sum: BatchSum): void {
    this.#add(sum);
  }

  /** Adds one batch and numbers it. */
  add(batch: Omit<BatchPoint, 'seq'>): BatchPoint {
    this.#add({ ...batch, batches: 1 });
    return { seq: ++this.#seq, ...batch };
  }

  message(): History {
    const streams = [...this.#streams].map(([stream, { recent, all }]) => ({
      stream,
      recent: recent.columns(),
      all: all.columns(),
    }));
    return { seq: this.#seq, streams };
  }

  #add({ stream, at, ...sums }: BatchSum): void {
    const series = this.#streams.get(stream) ?? emptySeries();
    this.#streams.set(stream, series);
    series.recent.add(at, sums);
    series.all.add(at, sums);
  }
}

function emptySeries() {
  return {
    recent: new BoundedSeries(seriesNames, recentLimits),
    all: new BoundedSeries(seriesNames, allLimits),
  };
}
