/** One search for runs, said twice: as a server's filter, and as a function over runs. */
import { invalidValue } from './faults.js';
import { checkKey } from './limits.js';
import type { Comparison, Condition, Order, Run } from './store.js';

/** MLflow's filter text. Of its quotation marks for keys only backticks work in every search. */
export function filterText(where: readonly Condition[]): string {
  return where
    .map((condition) => {
      if (condition.of === 'attribute') {
        return `attributes.${condition.key} ${condition.is} ${literal(condition.value)}`;
      }
      checkKey(condition.key);
      return `${condition.of}s.\`${condition.key}\` ${condition.is} ${literal(condition.value)}`;
    })
    .join(' and ');
}

export function orderTexts(orderBy: readonly Order[]): string[] {
  return orderBy.map((order) => {
    if (order.of === 'metric') checkKey(order.key);
    const column = order.of === 'metric' ? `metrics.\`${order.key}\`` : `attributes.${order.key}`;
    return `${column} ${order.descending ? 'DESC' : 'ASC'}`;
  });
}

export function matches(run: Run, where: readonly Condition[]): boolean {
  return where.every((condition) => {
    const actual = actualOf(run, condition);
    return actual !== undefined && compare(actual, condition.is, condition.value);
  });
}

/** Compares runs as a server sorts them: by the order given, then newest start, then id. */
export function runOrder(orderBy: readonly Order[]): (a: Run, b: Run) => number {
  return (a, b) => {
    for (const order of orderBy) {
      const [x, y] = [actualOf(a, order) as number | undefined, actualOf(b, order) as number | undefined];
      if (x === y) continue;
      if (x === undefined) return 1;
      if (y === undefined) return -1;
      return order.descending ? y - x : x - y;
    }
    return b.startTime - a.startTime || (a.runId < b.runId ? -1 : 1);
  };
}

function actualOf(run: Run, wanted: Condition | Order): string | number | undefined {
  if (wanted.of === 'metric') return run.metrics[wanted.key];
  if (wanted.of === 'attribute') return wanted.key === 'status' ? run.status : run.startTime;
  return (wanted.of === 'param' ? run.params : run.tags)[wanted.key];
}

function compare(actual: string | number, is: Comparison, value: string | number): boolean {
  switch (is) {
    case '=':
      return actual === value;
    case '!=':
      return actual !== value;
    case '<':
      return actual < value;
    case '<=':
      return actual <= value;
    case '>':
      return actual > value;
    case '>=':
      return actual >= value;
  }
}

/** MLflow's filters have no escapes: a text is quoted by the mark that it does not hold. */
function literal(value: string | number): string {
  if (typeof value === 'number') return String(value);
  if (!value.includes("'")) return `'${value}'`;
  if (!value.includes('"')) return `"${value}"`;
  throw invalidValue(
    `MLflow cannot search for ${JSON.stringify(value)}: it holds both quotation marks`,
    'search by another tag or param',
  );
}
