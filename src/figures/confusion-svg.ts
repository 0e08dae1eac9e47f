/** A confusion matrix as an SVG drawing: what the page shows and what MLflow keeps as a picture are the same. */
import type { ConfusionMatrix } from './confusion.js';
import { percent } from './percent.js';

/** Colours, as SVG takes them. Those of a cell follow its share of the row, 0–1. */
export interface ConfusionPalette {
  ground: string;
  ink: string;
  soft: string;
  cell(share: number): string;
  count(share: number): string;
  share(share: number): string;
}

export interface ConfusionLook {
  /** Above the matrix; without it, it begins at the names of the columns. */
  title?: string;
  axes?: string;
  palette?: ConfusionPalette;
}

const cell = 96;
const left = 132;
const bottom = 20;

/** On paper: from nearly white to deep blue. */
const paper: ConfusionPalette = {
  ground: '#ffffff',
  ink: '#111827',
  soft: '#6b7280',
  cell: (share) => {
    const between = (from: number, to: number) => Math.round(from + (to - from) * share);
    return `rgb(${between(243, 30)},${between(244, 58)},${between(246, 138)})`;
  },
  count: (share) => (share > 0.55 ? '#ffffff' : '#111827'),
  share: (share) => (share > 0.55 ? '#e0e7ff' : '#6b7280'),
};

/** Cells are shaded by their share of the row, so that a rare class is as readable as a common one; right ones are framed. */
export function confusionSvg({ labels, counts }: ConfusionMatrix, look: ConfusionLook = {}): string {
  const { title, axes = 'columns: predicted, rows: actual', palette = paper } = look;
  const top = title === undefined ? 32 : 84;
  const width = left + cell * labels.length + 20;
  const height = top + cell * labels.length + bottom;
  const cells = counts.flatMap((row, actual) => {
    const total = row.reduce((sum, count) => sum + count, 0);
    return row.map((count, predicted) => {
      const share = total === 0 ? 0 : count / total;
      const at = { x: left + cell * predicted, y: top + cell * actual };
      return cellSvg({ ...at, count, share, isRight: actual === predicted }, palette);
    });
  });
  const columns = labels.map((label, i) =>
    text(left + cell * (i + 0.5), top - 10, label, { anchor: 'middle', fill: palette.ink }),
  );
  const rows = labels.map((label, i) =>
    text(left - 12, top + cell * (i + 0.5) + 5, label, { anchor: 'end', fill: palette.ink }),
  );
  const heading =
    title === undefined
      ? []
      : [
          text(left, 22, title, { fill: palette.ink, size: 16 }),
          text(left, 44, axes, { fill: palette.soft, size: 12 }),
        ];
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="14">
<rect width="${width}" height="${height}" fill="${palette.ground}"/>
${[...heading, ...columns, ...rows, ...cells].join('\n')}
</svg>
`;
}

interface Cell {
  x: number;
  y: number;
  count: number;
  share: number;
  isRight: boolean;
}

function cellSvg({ x, y, count, share, isRight }: Cell, palette: ConfusionPalette): string {
  const middle = { anchor: 'middle' as const };
  const frame = isRight ? ` stroke="${palette.ink}" stroke-width="2"` : '';
  return [
    `<rect x="${x + 2}" y="${y + 2}" width="${cell - 4}" height="${cell - 4}" rx="6" fill="${palette.cell(share)}"${frame}/>`,
    text(x + cell / 2, y + cell / 2, String(count), { ...middle, fill: palette.count(share), size: 18 }),
    text(x + cell / 2, y + cell / 2 + 20, percent(share), {
      ...middle,
      fill: palette.share(share),
      size: 12,
    }),
  ].join('');
}

function text(
  x: number,
  y: number,
  content: string,
  look: { fill: string; anchor?: 'start' | 'middle' | 'end'; size?: number },
): string {
  const { fill, anchor = 'start', size = 14 } = look;
  const escaped = content.replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`);
  return `<text x="${x}" y="${y}" text-anchor="${anchor}" fill="${fill}" font-size="${size}">${escaped}</text>`;
}
