/** A raw value as the value of one bronze column, or null when it is of the wrong type for it (`posts/column-value.ts`). */
import type { RecordColumn } from '../../../../posts/shapes/shape.js';
import { pattern } from '../../../../posts/sql/spark-literals.js';
import { trimSql } from '../../../../posts/sql/spark-space.js';
import { doubleText, isString, stringOf } from './variant.js';

/**
 * Columns to type a raw value by, so that each is looked at once: `type_…` its type, `number_…` it as a double if it is a
 * number.
 * @param raw a VARIANT; for `mentions` an array of them
 */
export function typeColumns(column: RecordColumn, raw: string): Record<string, string> {
  return column === 'mentions' ? {} : { [`type_${column}`]: `schema_of_variant(${raw})` };
}

export function numberColumns(column: RecordColumn, raw: string): Record<string, string> {
  if (!numeric.has(column)) return {};
  const isFraction = `type_${column} = 'DOUBLE' OR startswith(type_${column}, 'DECIMAL')`;
  return { [`number_${column}`]: `CASE WHEN ${isFraction} THEN try_variant_get(${raw}, '$', 'double') END` };
}

const numeric = new Set<RecordColumn>(['date', 'user', 'post_id', 'sentiment', 'seq']);

export function typedSql(column: RecordColumn, raw: string): string {
  const type = `type_${column}`;
  const text = `CASE WHEN ${type} = 'STRING' THEN ${stringOf(raw)} END`;
  const textOr = (...others: string[]) =>
    `CASE WHEN ${type} IN (${['STRING', 'BIGINT', ...others].map((name) => `'${name}'`).join(', ')}) THEN ${stringOf(raw)}
      WHEN number_${column} IS NOT NULL THEN ${doubleText(`number_${column}`)} END`;
  switch (column) {
    case 'text':
    case 'lang':
    case 'source':
      return text;
    case 'date':
    case 'user':
    case 'post_id':
      return textOr();
    case 'sentiment':
      return textOr('BOOLEAN');
    case 'seq':
      return `try_cast(regexp_extract(${textOr()}, ${pattern('\\A-?[0-9]{1,19}\\z')}, 0) AS BIGINT)`;
    case 'mentions':
      return handlesSql(raw);
    case 'op':
      return `CASE WHEN ${type} = 'STRING' AND ${stringOf(raw)} IN ('create', 'update', 'delete') THEN ${stringOf(raw)} END`;
  }
}

/** Handles without their at-sign; a list that holds anything but strings is no list of handles. */
function handlesSql(raw: string): string {
  const handle = trimSql(`regexp_replace(${stringOf('h')}, ${pattern('\\A[@\\x{FF20}]')}, '')`);
  return `CASE WHEN ${raw} IS NOT NULL AND forall(${raw}, h -> ${isString('h')})
    THEN filter(transform(${raw}, h -> ${handle}), h -> h <> '') END`;
}
