/** Geometry of horizontal stacked bars, as fractions of the longest one: to be drawn as boxes, SVG or pixels. */

export interface BarSegment {
  /** From the left, 0–1. */
  start: number;
  /** 0–1. */
  width: number;
}

/** One list of segments a row, in the order of its values. Rows without anything get segments of no width. */
export function stackedBars(rows: readonly (readonly number[])[]): BarSegment[][] {
  const longest = Math.max(0, ...rows.map(sum));
  return rows.map((values) => {
    let start = 0;
    return values.map((value) => {
      const width = longest === 0 ? 0 : value / longest;
      const segment = { start, width };
      start += width;
      return segment;
    });
  });
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
