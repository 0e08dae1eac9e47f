/**
 * Sums over time in a bounded number of buckets, however long the time grows. A full series either forgets its oldest
 * buckets or widens all of them to the next round width. Server and page hold the same class and add the same points,
 * so what is pushed is a point, never a series.
 */
import { bucketStart, bucketWidth } from './bucket-width.js';

/** Columns of equal length, in time order; buckets to which nothing was added are left out. */
export type SeriesColumns<C extends string> = { widthMs: number; at: number[] } & Record<C, number[]>;

export interface SeriesLimits {
  /** Width of a bucket at first; with `forget` for ever. */
  readonly widthMs: number;
  /** Most buckets between the first and the last, empty ones counted. */
  readonly points: number;
  readonly whenFull: 'forget' | 'widen';
}

export class BoundedSeries<C extends string> {
  readonly #names: readonly C[];
  readonly #limits: SeriesLimits;
  #width: number;
  #at: number[] = [];
  #columns: Record<C, number[]>;

  /** @param from what a series of the same limits held (its arrays are copied) */
  constructor(names: readonly C[], limits: SeriesLimits, from?: SeriesColumns<C>) {
    this.#names = names;
    this.#limits = limits;
    this.#width = from?.widthMs ?? limits.widthMs;
    this.#at = from === undefined ? [] : [...from.at];
    this.#columns = byName(names, (name) => (from === undefined ? [] : [...from[name]]));
  }

  /** Adds to the bucket of `at`; a point before everything that a full `forget` series holds is dropped. */
  add(at: number, values: Readonly<Record<C, number>>): void {
    if (this.#limits.whenFull === 'widen') this.#widenTo(at);
    const start = bucketStart(at, this.#width);
    let i = this.#at.length;
    while (i > 0 && this.#at[i - 1]! > start) i--;
    if (i > 0 && this.#at[i - 1] === start) {
      for (const name of this.#names) this.#columns[name][i - 1]! += values[name];
    } else {
      this.#at.splice(i, 0, start);
      for (const name of this.#names) this.#columns[name].splice(i, 0, values[name]);
    }
    if (this.#limits.whenFull === 'forget') this.#forget();
  }

  /** A copy of what it holds. */
  columns(): SeriesColumns<C> {
    const copies = byName(this.#names, (name) => [...this.#columns[name]]);
    return { widthMs: this.#width, at: [...this.#at], ...copies };
  }

  #widenTo(at: number): void {
    const first = Math.min(at, this.#at[0] ?? at);
    const last = Math.max(at, this.#at.at(-1) ?? at);
    const width = Math.max(this.#width, bucketWidth(first, last, this.#limits.points));
    if (width === this.#width) return;
    const before = this.columns();
    this.#width = width;
    this.#at = [];
    this.#columns = byName(this.#names, () => []);
    for (let i = 0; i < before.at.length; i++) {
      this.add(
        before.at[i]!,
        byName(this.#names, (name) => before[name][i]!),
      );
    }
  }

  #forget(): void {
    const oldest = this.#at.at(-1)! - (this.#limits.points - 1) * this.#width;
    const gone = this.#at.findIndex((at) => at >= oldest);
    if (gone <= 0) return;
    this.#at.splice(0, gone);
    for (const name of this.#names) this.#columns[name].splice(0, gone);
  }
}

/**
 * One column without gaps from the bucket of `from` to that of `to`: `empty` where nothing was added. For graphs, which
 * need every point of the axis.
 */
export function dense<C extends string, E>(
  series: SeriesColumns<C>,
  name: C,
  from: number,
  to: number,
  empty: E,
): { at: number[]; values: (number | E)[] } {
  const at: number[] = [];
  const values: (number | E)[] = [];
  let i = 0;
  for (let t = bucketStart(from, series.widthMs); t <= to; t += series.widthMs) {
    while (i < series.at.length && series.at[i]! < t) i++;
    at.push(t);
    values.push(series.at[i] === t ? series[name][i]! : empty);
  }
  return { at, values };
}

function byName<C extends string, V>(names: readonly C[], value: (name: C) => V): Record<C, V> {
  return Object.fromEntries(names.map((name) => [name, value(name)])) as Record<C, V>;
}
