/** Single values as the protocol writes them, the same way as rows have them (arrow-rows.ts). */
import { dateText, type SparkValue } from './arrow-rows.js';
import type { Expression_Literal } from './gen/spark/connect/expressions_pb.js';

/** A value of a kind that this client does not know is null. */
export function literalValue(literal: Expression_Literal | undefined): SparkValue {
  const value = literal?.literalType;
  if (value?.case === undefined) return null;
  switch (value.case) {
    case 'null':
      return null;
    case 'decimal':
      return value.value.value;
    case 'date':
      return dateText(value.value);
    default:
      return value.value;
  }
}
