/** Fields of a raw record by path, and what is left of a record when some of its fields have been taken. */

/** From the outside in: keys, and indices of arrays as digits. */
export type FieldPath = readonly string[];

export type Fields = Readonly<Record<string, unknown>>;

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date);
}

/** A dotted name as a path in this record: a key that really holds dots goes before nesting. */
export function findPath(fields: Fields, dotted: string): FieldPath | undefined {
  if (Object.hasOwn(fields, dotted)) return [dotted];
  const path = dotted.split('.');
  return path.length > 1 && valueAt(fields, path) !== undefined ? path : undefined;
}

export function valueAt(fields: Fields, path: FieldPath): unknown {
  let value: unknown = fields;
  for (const key of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
    value = (value as Record<string, unknown>)[key];
  }
  return value;
}

/**
 * The fields without those at `taken`, or undefined when nothing is left. Nulls say nothing and are left out; objects
 * and lists that the taking emptied go too. The given record is not changed.
 */
export function leftover(fields: Fields, taken: readonly FieldPath[]): Record<string, unknown> | undefined {
  // Without a prototype, so that a key `__proto__` is a key like any other.
  const rest: Record<string, unknown> = Object.create(null);
  let some = false;
  for (const key of Object.keys(fields)) {
    const value = fields[key];
    if (value === null || value === undefined) continue;
    const below = taken.filter((path) => path[0] === key);
    const kept = below.length === 0 ? value : without(value, below);
    if (kept === undefined) continue;
    rest[key] = kept;
    some = true;
  }
  return some ? rest : undefined;
}

function without(value: unknown, taken: readonly FieldPath[]): unknown {
  const inner: FieldPath[] = [];
  for (const path of taken) {
    if (path.length === 1) return undefined;
    inner.push(path.slice(1));
  }
  if (isFields(value)) return leftover(value, inner);
  if (!Array.isArray(value)) return value;
  const rest = leftover({ ...value }, inner);
  return rest === undefined ? undefined : Object.values(rest);
}
