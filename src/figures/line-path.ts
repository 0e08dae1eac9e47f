/** The path of a small line graph (SVG `d`), for sparklines: one value a step from left to right, 0 at the bottom. */

export interface LinePath {
  /** The line itself. */
  line: string;
  /** The same, closed along the bottom, to be filled. */
  area: string;
}

/**
 * @param values one a step, 0 or more; fewer than two give empty paths
 * @param top the value at the upper edge; larger ones are cut off there
 */
export function linePath(values: readonly number[], width: number, height: number, top: number): LinePath {
  if (values.length < 2) return { line: '', area: '' };
  const step = width / (values.length - 1);
  const points = values.map((value, i) => {
    const share = top > 0 ? Math.min(1, value / top) : 0;
    return `${round(i * step)},${round(height - share * height)}`;
  });
  const line = `M${points.join('L')}`;
  return { line, area: `${line}L${round(width)},${round(height)}L0,${round(height)}Z` };
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
