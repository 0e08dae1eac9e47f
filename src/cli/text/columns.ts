/** Rows as aligned columns: two spaces between, numbers to the right, nothing broken over lines. */
import type { Paint } from './paint.js';
import { cut, oneLine, widthOf } from './width.js';

export interface Column {
  name: string;
  align?: 'left' | 'right';
  /** Never cut (names, numbers); others give way when the line is too long. */
  whole?: boolean;
}

export interface ColumnsOptions {
  paint: Paint;
  /** Cells of the terminal; undefined when nothing has to fit. */
  width?: number | undefined;
  /** Columns for which there is no room even when all are cut are left out from the right; a column `…` says so. */
  mayLeaveOut?: boolean;
}

const gap = '  ';
/** Cells to which a column is cut at most. */
const narrowest = 8;

/** The table as lines without a trailing newline. Cells may hold anything; they come out on one line, harmless. */
export function columns(
  head: readonly Column[],
  rows: readonly (readonly string[])[],
  o: ColumnsOptions,
): string {
  const cells = rows.map((row) => row.map(oneLine));
  const wanted = head.map(({ name }, c) =>
    Math.max(widthOf(name), ...cells.map((row) => widthOf(row[c] ?? ''))),
  );
  const isNarrow = o.width !== undefined && o.mayLeaveOut === true;
  const shown = isNarrow ? fitting(squeeze(head, wanted, o.width!), o.width!) : wanted.length;
  const isShort = shown < wanted.length;
  const room = o.width === undefined ? undefined : o.width - (isShort ? gap.length + 1 : 0);
  const kept = wanted.slice(0, shown);
  const widths = room === undefined ? kept : squeeze(head.slice(0, shown), kept, room);
  const line = (texts: readonly string[]) =>
    texts
      .slice(0, shown)
      .map((text, c) => padded(text, widths[c]!, head[c]!.align ?? 'left', c === wanted.length - 1))
      .concat(isShort ? ['…'] : [])
      .join(gap)
      .trimEnd();
  return [o.paint('dim', line(head.map(({ name }) => name))), ...cells.map(line)].join('\n');
}

/** How many columns have room, one at least; where not all have, there is also room for `…`. */
function fitting(widths: readonly number[], line: number): number {
  const needed = (n: number) =>
    widths
      .slice(0, n)
      .reduce((sum, width) => sum + width + gap.length, n === widths.length ? -gap.length : 1);
  let n = widths.length;
  while (n > 1 && needed(n) > line) n--;
  return n;
}

/** Names before values, one pair a line. */
export function pairs(entries: readonly (readonly [string, string])[], paint: Paint): string {
  const width = Math.max(...entries.map(([name]) => widthOf(name)));
  return entries
    .map(([name, value]) => `${paint('dim', padded(name, width, 'left', false))}${gap}${value}`)
    .join('\n');
}

function padded(text: string, width: number, align: 'left' | 'right', last: boolean): string {
  const short = cut(text, width);
  const pad = ' '.repeat(Math.max(0, width - widthOf(short)));
  if (align === 'right') return pad + short;
  return last ? short : short + pad;
}

/** Takes what is too much from the widest columns that may be cut. */
function squeeze(head: readonly Column[], wanted: readonly number[], line: number): number[] {
  const widths = [...wanted];
  let excess = widths.reduce((sum, width) => sum + width, 0) + gap.length * (head.length - 1) - line;
  while (excess > 0) {
    const candidates = widths
      .map((width, c) => ({ width, c }))
      .filter(
        ({ width, c }) => head[c]!.whole !== true && width > Math.max(narrowest, widthOf(head[c]!.name)),
      )
      .sort((a, b) => b.width - a.width);
    const [widest, next] = candidates;
    if (widest === undefined) break;
    const floor = Math.max(
      narrowest,
      widthOf(head[widest.c]!.name),
      next?.width === widest.width ? widest.width - 1 : (next?.width ?? 0),
    );
    const taken = Math.min(excess, widest.width - floor);
    widths[widest.c] = widest.width - taken;
    excess -= taken;
  }
  return widths;
}
