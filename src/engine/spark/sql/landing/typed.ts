/** A raw value as the value of one bronze column, or null when it is of the wrong type for it (`posts/column-value.ts`). */
import type { RecordColumn } from '../../../../posts/shapes/shape.js';
import { letSql, pattern } from '../../../../posts/sql/spark-literals.js';
import { trimSql } from '../../../../posts/sql/spark-space.js';
import { isString, numberText, stringOf } from './variant.js';

/** @param raw a VARIANT; for `mentions` an array of them */
export function typedSql(column: RecordColumn, raw: string): string {
  const text = `CASE WHEN ${isString(raw)} THEN ${stringOf(raw)} END`;
  const textOrNumber = `CASE WHEN ${isString(raw)} THEN ${stringOf(raw)} ELSE ${numberText(raw)} END`;
  switch (column) {
    case 'text':
    case 'lang':
    case 'source':
      return text;
    case 'date':
    case 'user':
    case 'post_id':
      return textOrNumber;
    case 'sentiment':
      return `CASE WHEN schema_of_variant(${raw}) = 'BOOLEAN' THEN ${stringOf(raw)} ELSE ${textOrNumber} END`;
    case 'seq':
      return letSql(
        'n',
        textOrNumber,
        `CASE WHEN n RLIKE ${pattern('\\A-?[0-9]{1,19}\\z')} THEN try_cast(n AS BIGINT) END`,
      );
    case 'mentions':
      return handlesSql(raw);
    case 'op':
      return letSql('o', text, "CASE WHEN o IN ('create', 'update', 'delete') THEN o END");
  }
}

/** Handles without their at-sign; a list that holds anything but strings is no list of handles. */
function handlesSql(raw: string): string {
  const handle = trimSql(`regexp_replace(${stringOf('h')}, ${pattern('\\A[@\\x{FF20}]')}, '')`);
  return `CASE WHEN ${raw} IS NOT NULL AND forall(${raw}, h -> ${isString('h')})
    THEN filter(transform(${raw}, h -> ${handle}), h -> h <> '') END`;
}
