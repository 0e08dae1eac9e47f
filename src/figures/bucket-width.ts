/**
 * Widths of time buckets for graphs. Each width is a multiple of the one before it, so buckets of one width fold into
 * those of the next without a remainder; buckets start at multiples of their width since the epoch.
 */
const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

/** In milliseconds, ascending. */
export const bucketWidths: readonly number[] = [
  second,
  5 * second,
  15 * second,
  minute,
  5 * minute,
  15 * minute,
  hour,
  6 * hour,
  day,
  5 * day,
  30 * day,
  360 * day,
];

/** The smallest width with which the times from `first` to `last` (both included) fall into at most `points` buckets. */
export function bucketWidth(first: number, last: number, points: number): number {
  const fits = (width: number) => bucketStart(last, width) - bucketStart(first, width) < points * width;
  return bucketWidths.find(fits) ?? bucketWidths.at(-1)!;
}

/** The start of the bucket that holds a time. */
export function bucketStart(at: number, widthMs: number): number {
  return Math.floor(at / widthMs) * widthMs;
}
