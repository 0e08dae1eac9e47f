/**
 * Which files of a snapshot a reader needs. A file is left out only when its partition values or its statistics prove that no
 * row of it can match; whatever is unknown is read.
 */
import type { StructField } from '../schema/column-types.js';
import type { AddFile } from './actions.js';
import { columnMappingMode, physicalName } from './column-mapping.js';
import type { Snapshot } from './snapshot.js';
import { type ParsedStats, parseStats } from './stats.js';
import { boundOrder, partitionOrder, type Value } from './value-order.js';

/** Conditions are joined by AND. Names ignore case. */
export type Condition =
  | { column: string; op: '=' | '<' | '<=' | '>' | '>='; value: Value }
  | { column: string; op: 'in'; values: readonly Value[] }
  | { column: string; op: 'is null' }
  | { column: string; op: 'is not null' };

/** The live files that may hold a row for which every condition is true. */
export function planScan(
  snapshot: Pick<Snapshot, 'schema' | 'metadata' | 'files'>,
  conditions: readonly Condition[],
): AddFile[] {
  const { schema, metadata, files } = snapshot;
  const mode = columnMappingMode(metadata);
  const partitions = new Set(metadata.partitionColumns.map((name) => name.toLowerCase()));
  const ofPartition: ((values: AddFile['partitionValues']) => boolean)[] = [];
  const ofStats: ((stats: ParsedStats) => boolean)[] = [];
  for (const condition of conditions) {
    const wanted = condition.column.toLowerCase();
    const field = schema.fields.find(({ name }) => name.toLowerCase() === wanted);
    if (field === undefined) continue;
    const key = physicalName(field, mode);
    if (partitions.has(wanted)) ofPartition.push((values) => partitionMatches(values, key, field, condition));
    else ofStats.push((stats) => statsMayMatch(stats, key, field, condition));
  }
  return files.filter((file) => {
    if (!ofPartition.every((test) => test(file.partitionValues))) return false;
    const stats = ofStats.length === 0 || file.stats === undefined ? undefined : parseStats(file.stats);
    return stats === undefined || ofStats.every((test) => test(stats));
  });
}

/**
 * The text of a partition value, by the column's physical name; names ignore case. No value and the empty text are null
 * (PROTOCOL.md, "Partition Value Serialization").
 */
export function partitionValue(values: AddFile['partitionValues'], name: string): string | null {
  if (Object.hasOwn(values, name)) return values[name] || null;
  const key = Object.keys(values).find((each) => each.toLowerCase() === name.toLowerCase());
  return key === undefined ? null : values[key] || null;
}

/** All rows of the file have the value. */
function partitionMatches(
  values: AddFile['partitionValues'],
  key: string,
  field: StructField,
  condition: Condition,
): boolean {
  const text = partitionValue(values, key);
  if (condition.op === 'is null') return text === null;
  if (text === null) return false;
  if (condition.op === 'is not null') return true;
  const compare = partitionOrder(field.type);
  if (compare === undefined) return true;
  return fits(condition, (value) => {
    const order = compare(text, value);
    return { min: order, max: order };
  });
}

function statsMayMatch(stats: ParsedStats, key: string, field: StructField, condition: Condition): boolean {
  const nulls = stats.nullCount?.[key];
  if (condition.op === 'is null') return nulls !== 0;
  const allNull = stats.numRecords !== undefined && nulls === stats.numRecords;
  if (allNull) return false;
  if (condition.op === 'is not null') return true;
  const [min, max] = [boundOrder(field, 'min'), boundOrder(field, 'max')];
  const fromAbove = condition.op === '>' || condition.op === '>=';
  // NaN is greater than all numbers, and not every writer counts it in.
  const mayHideNaN = fromAbove && (field.type === 'float' || field.type === 'double');
  return fits(condition, (value) => ({
    min: min?.(stats.minValues?.[key], value),
    max: mayHideNaN ? undefined : max?.(stats.maxValues?.[key], value),
  }));
}

type Comparison = Extract<Condition, { value: Value } | { values: readonly Value[] }>;

/** Whether something between two bounds can fit; each is told as how it compares with the value, undefined when unknown. */
function fits(
  condition: Comparison,
  compare: (value: Value) => { min: number | undefined; max: number | undefined },
): boolean {
  if (condition.op === 'in') return condition.values.some((value) => equals(compare(value)));
  const { min, max } = compare(condition.value);
  switch (condition.op) {
    case '=':
      return equals({ min, max });
    case '<':
      return min === undefined || min < 0;
    case '<=':
      return min === undefined || min <= 0;
    case '>':
      return max === undefined || max > 0;
    case '>=':
      return max === undefined || max >= 0;
  }
}

function equals({ min, max }: { min: number | undefined; max: number | undefined }): boolean {
  return (min === undefined || min <= 0) && (max === undefined || max >= 0);
}
