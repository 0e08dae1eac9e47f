/**
 * Type widening (PROTOCOL.md, "Type Widening"): a column's type may have grown, and older files hold the narrower one. They are
 * cast as they are read, which is right for the pairs that the protocol names, and refused for any other.
 */
import { decimalParts } from '../schema/column-types.js';

const integers = ['byte', 'short', 'integer', 'long'];

/** Digits that hold every value of an integer type, as the protocol counts them. */
const digits: Readonly<Record<string, number>> = { byte: 10, short: 10, integer: 10, long: 20 };

/** Whether every value of `from` has one and the same value in `to`. */
export function isWidening(from: string, to: string): boolean {
  if (from === to) return true;
  const rank = integers.indexOf(from);
  if (rank >= 0 && integers.includes(to)) return rank < integers.indexOf(to);
  if (to === 'double') return from === 'float' || (rank >= 0 && from !== 'long');
  if (from === 'date') return to === 'timestamp_ntz';
  const wide = decimalParts(to);
  if (wide === undefined) return false;
  const narrow = rank >= 0 ? { precision: digits[from]!, scale: 0 } : decimalParts(from);
  if (narrow === undefined) return false;
  const [more, finer] = [wide.precision - narrow.precision, wide.scale - narrow.scale];
  return more >= finer && finer >= 0;
}

/** The first change of type in a schema that is none of the protocol's, as `from … to …`; undefined where there is none. */
export function unknownTypeChange(schemaString: string): string | undefined {
  if (!schemaString.includes(typeChangesKey)) return undefined;
  return typeChanges(JSON.parse(schemaString))
    .filter(([from, to]) => !isWidening(from, to))
    .map(([from, to]) => `from ${from} to ${to}`)[0];
}

/** Types that a field had before, in its own metadata. */
export function earlierTypes(metadata: Readonly<Record<string, unknown>>): string[] {
  const changes = metadata[typeChangesKey];
  return Array.isArray(changes) ? changes.map(({ fromType }) => String(fromType)) : [];
}

const typeChangesKey = 'delta.typeChanges';

function typeChanges(node: unknown): [from: string, to: string][] {
  if (typeof node !== 'object' || node === null) return [];
  return Object.entries(node).flatMap(([key, child]) => {
    if (key !== typeChangesKey || !Array.isArray(child)) return typeChanges(child);
    return child.map(({ fromType, toType }): [string, string] => [String(fromType), String(toType)]);
  });
}
