/**
 * `_rescued_data`: what no column took of a record. The places that may be taken are known beforehand, as a tree; which
 * are, stands in `taken`, row by row. From the leaves up each place gets a column of what is left of it: nulls are left
 * out where something was taken beside them, and what the taking emptied goes too (`leftover` in `posts/field-path.ts`).
 */
import type { FieldPath } from '../../../../posts/field-path.js';
import { quoted } from '../../../../posts/sql/spark-literals.js';
import { authorStep, isIndex, type Places } from './places.js';
import { adding, type Stage } from './stage.js';
import { fields, isNull, items } from './variant.js';

/** The column of what is left of the record, as VARIANT; null when nothing is. */
export const leftColumn = 'left_record';

/**
 * Adds `left_record` to a relation with the record's fields `m`, its places, `author_at`, `taken` (numbers of places; −1 is
 * none) and `taken_keys` (top-level keys that are taken whole, by whatever name; null is none).
 */
export function leftStages(paths: readonly FieldPath[], places: Places): Stage[] {
  const nodes = nodesOf(paths, places);
  const depth = Math.max(...nodes.map(({ path }) => path.length));
  const stages: Stage[] = [];
  for (let level = depth; level > 0; level--) {
    const here = nodes.filter(({ path }) => path.length === level);
    const inner = here.filter(({ children }) => children.length > 0);
    if (inner.length > 0) stages.push(adding(Object.assign({}, ...inner.map(restColumns))));
    stages.push(adding(Object.fromEntries(here.map((node) => [`left_${node.number}`, leftSql(node)]))));
  }
  const top = nodes.filter(({ path }) => path.length === 1);
  const others = `map_filter(m, (k, y) -> NOT ${among('k', top)} AND NOT coalesce(array_contains(taken_keys, k), false) AND NOT ${isNull('y')})`;
  return [
    ...stages,
    adding({ rest_record: joined(others, top) }),
    adding({ [leftColumn]: 'CASE WHEN size(rest_record) > 0 THEN to_variant_object(rest_record) END' }),
  ];
}

interface PlaceNode {
  path: FieldPath;
  /** Number of its place. */
  number: number;
  children: PlaceNode[];
}

/** Every path and the paths above it, once each. */
function nodesOf(paths: readonly FieldPath[], places: Places): PlaceNode[] {
  const nodes = new Map<string, PlaceNode>();
  const nodeOf = (path: FieldPath): PlaceNode => {
    const key = JSON.stringify(path);
    const known = nodes.get(key);
    if (known) return known;
    const node: PlaceNode = { path, number: places.number(path), children: [] };
    nodes.set(key, node);
    if (path.length > 1) nodeOf(path.slice(0, -1)).children.push(node);
    return node;
  };
  for (const path of paths) nodeOf(path);
  return [...nodes.values()];
}

/** What is left of the members of an object, and of the elements of a list; their children are done. */
function restColumns({ number, children }: PlaceNode): Record<string, string> {
  const place = `p${number}`;
  const others = `map_filter(${fields(place)}, (k, y) -> NOT ${among('k', children)} AND NOT ${isNull('y')})`;
  const columns = { [`rest_${number}`]: joined(others, children) };
  const elements = children.filter(isElement);
  if (elements.length === 0) return columns;
  const cases = elements.map(({ path, number: child }) => {
    const index = path.at(-1)!;
    return `WHEN n = ${index === authorStep ? 'author_at' : index} THEN left_${child}`;
  });
  columns[`list_${number}`] =
    `filter(transform(${items(place)}, (y, n) -> CASE ${cases.join(' ')} ELSE y END),
    y -> y IS NOT NULL AND NOT ${isNull('y')})`;
  return columns;
}

/** Its parent may be a list. */
function isElement({ path }: PlaceNode): boolean {
  return path.at(-1) === authorStep || isIndex(path.at(-1)!);
}

function leftSql({ path, number, children }: PlaceNode): string {
  const place = `p${number}`;
  const byKey =
    path.length === 1 ? ` OR coalesce(array_contains(taken_keys, ${quoted(path[0]!)}), false)` : '';
  const gone = `WHEN ${place} IS NULL OR ${isNull(place)} OR array_contains(taken, ${number})${byKey} THEN NULL`;
  if (children.length === 0) return `CASE ${gone} ELSE ${place} END`;
  const below = children.flatMap(function numbers(child): number[] {
    return [child.number, ...child.children.flatMap(numbers)];
  });
  const list = children.some(isElement)
    ? `WHEN list_${number} IS NOT NULL THEN CASE WHEN size(list_${number}) > 0 THEN to_variant_object(list_${number}) END`
    : '';
  return `CASE ${gone} WHEN NOT arrays_overlap(taken, array(${below.join(', ')})) THEN ${place} ${list}
    WHEN rest_${number} IS NULL THEN ${place}
    WHEN size(rest_${number}) > 0 THEN to_variant_object(rest_${number}) END`;
}

/** The other members, and what is left of the places, by their last key; for most records that is nothing. */
function joined(others: string, nodes: readonly PlaceNode[]): string {
  const entries = nodes.map(
    ({ path, number }) => `named_struct('key', ${quoted(path.at(-1)!)}, 'value', left_${number})`,
  );
  return `CASE WHEN ${nodes.map(({ number }) => `left_${number} IS NULL`).join(' AND ')} THEN ${others}
    ELSE map_concat(${others}, map_from_entries(filter(array(${entries.join(', ')}), e -> e.value IS NOT NULL))) END`;
}

function among(key: string, nodes: readonly PlaceNode[]): string {
  return `${key} IN (${nodes.map(({ path }) => quoted(path.at(-1)!)).join(', ')})`;
}
