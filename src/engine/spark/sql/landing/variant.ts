/** JSON values as Spark's VARIANT. SQL null stands for what is not there; JSON's null is a value. */
import { pattern, quoted } from '../../../../posts/sql/spark-literals.js';

/** The member of an object (or, for a number, of a list) by path; null when it is not there. Keys hold no quotes. */
export function at(value: string, ...path: readonly (string | number)[]): string {
  const steps = path.map((step) => (typeof step === 'number' ? `[${step}]` : `["${step}"]`));
  return `try_variant_get(${value}, ${quoted(`$${steps.join('')}`)}, 'variant')`;
}

/** The member of any name. */
export function member(value: string, key: string): string {
  return `try_element_at(${fields(value)}, ${quoted(key)})`;
}

/** An object as a map, a list as an array; null for anything else. */
export const fields = (value: string) => `try_variant_get(${value}, '$', 'map<string, variant>')`;
export const items = (value: string) => `try_variant_get(${value}, '$', 'array<variant>')`;

export const isString = (value: string) => `coalesce(schema_of_variant(${value}) = 'STRING', false)`;
export const isObject = (value: string) => `${fields(value)} IS NOT NULL`;
export const isNull = (value: string) => `is_variant_null(${value})`;
export const stringOf = (value: string) => `try_variant_get(${value}, '$', 'string')`;
const typeOf = (value: string) => `schema_of_variant(${value})`;

export function isNumber(value: string): string {
  return `coalesce(${typeOf(value)} IN ('BIGINT', 'DOUBLE') OR startswith(${typeOf(value)}, 'DECIMAL'), false)`;
}

/** A number as JavaScript writes it; null for anything else. */
export function numberText(value: string): string {
  return `CASE WHEN ${typeOf(value)} = 'BIGINT' THEN ${stringOf(value)}
    WHEN ${isNumber(value)} THEN ${doubleText(`try_variant_get(${value}, '$', 'double')`)} END`;
}

/** A double as JavaScript writes it: the same shortest digits as Java's, but for where the exponent begins. */
export function doubleText(double: string): string {
  const text = `CAST(${double} AS STRING)`;
  const plain = (scale: number) =>
    `regexp_replace(CAST(try_cast(${text} AS DECIMAL(38, ${scale})) AS STRING), ${pattern('\\.?0+\\z')}, '')`;
  const scientific = `replace(regexp_replace(replace(${text}, '.0E', 'E'), 'E([0-9])', 'e+$1'), 'E-', 'e-')`;
  return `CASE WHEN ${double} = 0 THEN '0'
    WHEN abs(${double}) >= 1e21 OR abs(${double}) < 1e-6 THEN ${scientific}
    WHEN abs(${double}) >= 1 THEN ${plain(16)} ELSE ${plain(24)} END`;
}
