/** Geometry of a small column chart: columns side by side, standing on the bottom, with a gap between them. */

export interface Column {
  x: number;
  y: number;
  width: number;
  height: number;
}

/**
 * @param values 0 or more, one a column from left to right; null leaves its place empty
 * @param top the value of a column that reaches the upper edge; larger ones are cut off there
 */
export function columnChart(
  values: readonly (number | null)[],
  size: { width: number; height: number; gap: number },
  top: number,
): Column[] {
  const step = size.width / Math.max(1, values.length);
  return values.map((value, i) => {
    const height = top > 0 ? Math.min(1, (value ?? 0) / top) * size.height : 0;
    return { x: i * step + size.gap / 2, y: size.height - height, width: step - size.gap, height };
  });
}
