/**
 * JSON that keeps the digits of big integers. What is nested deeper than a hundred
 * levels becomes null there: no stack is deep enough for what a line of input may hold.
 */
export function jsonText(value: unknown, depth = 0): string {
  if (typeof value === 'bigint') return String(value);
  if (typeof value !== 'object' || value === null || value instanceof Date)
    return JSON.stringify(value) ?? 'null';
  if (depth === maxDepth) return 'null';
  if (Array.isArray(value)) return `[${value.map((item) => jsonText(item, depth + 1)).join(',')}]`;
  const members = Object.entries(value).filter(([, item]) => item !== undefined);
  return `{${members.map(([key, item]) => `${JSON.stringify(key)}:${jsonText(item, depth + 1)}`).join(',')}}`;
}

const maxDepth = 100;
