/** The search of a pretended tracking server: its filters, order and pages. */

export type Json = Record<string, unknown>;
export type Entry = { key: string; value: string };

/** A run or model as the API shows it. */
export interface Seen {
  info: Json;
  data: { metrics: (Json & { key: string })[]; params: Entry[]; tags: Entry[] };
  inputs?: unknown;
  outputs?: unknown;
}

export function page(items: unknown[], given: Json, field: string): Json {
  const from = Number(given.page_token ?? 0);
  const to = from + Number(given.max_results ?? items.length);
  return { [field]: items.slice(from, to), ...(to < items.length ? { next_page_token: String(to) } : {}) };
}

function actualOf({ info, data }: Seen, column: string): unknown {
  const [, of, key] = /^(\w+)\.`?([^`"]+)`?$/.exec(column)!;
  if (of === 'attributes') return info[key!];
  const list: { key: string; value?: unknown }[] = data[of as 'metrics' | 'params' | 'tags'];
  return list.find((entry) => entry.key === key)?.value;
}

export function fulfils(run: Seen, filter: string): boolean {
  if (filter === '') return true;
  return filter.split(' and ').every((condition) => {
    const [, column, is, text] = /^(\S+) (=|!=|<=|>=|<|>) (.*)$/.exec(condition)!;
    const actual = actualOf(run, column!);
    if (actual === undefined) return false;
    const value = /^['"]/.test(text!) ? text!.slice(1, -1) : Number(text);
    const [a, b] = [actual as number, value as number];
    return { '=': a === b, '!=': a !== b, '<': a < b, '<=': a <= b, '>': a > b, '>=': a >= b }[is!]!;
  });
}

export function sorted(runs: Seen[], order: string): Seen[] {
  const [column, direction] = order.split(' ');
  const sign = direction === 'DESC' ? -1 : 1;
  return [...runs].sort((a, b) => {
    const [x, y] = [actualOf(a, column!) as number | undefined, actualOf(b, column!) as number | undefined];
    if (x === undefined || y === undefined) return x === y ? 0 : x === undefined ? 1 : -1;
    return sign * (x - y);
  });
}
