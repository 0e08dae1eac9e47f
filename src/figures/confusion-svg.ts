/** A confusion matrix as an SVG drawing: what the page shows and what MLflow keeps as a picture are the same. */
import type { ConfusionMatrix } from './confusion.js';

const cell = 96;
const left = 132;
const top = 84;
const bottom = 20;

/** Cells are shaded by their share of the row, so that a rare class is as readable as a common one. */
export function confusionSvg(
  { labels, counts }: ConfusionMatrix,
  title = 'Confusion matrix',
  axes = 'columns: predicted, rows: actual',
): string {
  const width = left + cell * labels.length + 20;
  const height = top + cell * labels.length + bottom;
  const cells = counts.flatMap((row, actual) => {
    const total = row.reduce((sum, count) => sum + count, 0);
    return row.map((count, predicted) => cellSvg(actual, predicted, count, total));
  });
  const columns = labels.map((label, i) => text(left + cell * (i + 0.5), top - 10, label, 'middle'));
  const rows = labels.map((label, i) => text(left - 12, top + cell * (i + 0.5) + 5, label, 'end'));
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="14">
<rect width="${width}" height="${height}" fill="#ffffff"/>
${text(left, 22, title, 'start', '#111827', 16)}
${text(left, 44, axes, 'start', '#6b7280', 12)}
${[...columns, ...rows, ...cells].join('\n')}
</svg>
`;
}

function cellSvg(actual: number, predicted: number, count: number, total: number): string {
  const share = total === 0 ? 0 : count / total;
  const x = left + cell * predicted;
  const y = top + cell * actual;
  const ink = share > 0.55 ? '#ffffff' : '#111827';
  const faint = share > 0.55 ? '#e0e7ff' : '#6b7280';
  return [
    `<rect x="${x + 1}" y="${y + 1}" width="${cell - 2}" height="${cell - 2}" rx="4" fill="${shade(share)}"/>`,
    text(x + cell / 2, y + cell / 2, String(count), 'middle', ink, 18),
    text(x + cell / 2, y + cell / 2 + 20, `${(share * 100).toFixed(1)} %`, 'middle', faint, 12),
  ].join('');
}

/** From nearly white to deep blue. */
function shade(share: number): string {
  const between = (from: number, to: number) => Math.round(from + (to - from) * share);
  return `rgb(${between(243, 30)},${between(244, 58)},${between(246, 138)})`;
}

function text(
  x: number,
  y: number,
  content: string,
  anchor: 'start' | 'middle' | 'end',
  fill = '#374151',
  size = 14,
): string {
  const escaped = content.replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`);
  return `<text x="${x}" y="${y}" text-anchor="${anchor}" fill="${fill}" font-size="${size}">${escaped}</text>`;
}
