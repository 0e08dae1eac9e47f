/**
 * A raw record to a row of bronze. The record's own shape says where the columns stand, the user's mapping goes before
 * it, types are judged, and what no column took is kept as JSON in `_rescued_data`. Nothing here throws: a record
 * that is a JSON object always has an outcome.
 */
import { createHash } from 'node:crypto';
import { columnValue } from './column-value.js';
import { type FieldPath, type Fields, findPath, leftover, valueAt } from './field-path.js';
import { jsonText } from './json-text.js';
import { shapeOf } from './shapes/known.js';
import type { Draft, Found, RecordColumn } from './shapes/shape.js';

/** Ours to theirs, dotted paths: `{ text: 'tweet', user: 'author.name' }`. */
export type ColumnMapping = Readonly<Partial<Record<RecordColumn, string | undefined>>>;

export interface SourceRecord {
  /** Relative to the landing place, with `/`. */
  readonly source_file: string;
  /** 1-based physical line, or ordinal. */
  readonly position: number;
  readonly fields: Fields;
}

export type CanonicalOutcome =
  /** Values in the order of the `bronze` contract: timestamps and longs as bigint, mentions as string[]. */
  | { readonly row: readonly unknown[] }
  /** For quarantine. */
  | { readonly fault: { readonly rule: 'bad_record'; readonly reason: string; readonly raw: string } }
  /** No post and not meant to be one (an account event on a wire of posts): counted as dropped. */
  | { readonly skipped: string };

/**
 * @param mapping goes before the record's own shape, column by column; a path that a record does not have leaves the
 *   column to the shape
 * @param batchTimeMicros becomes `processing_time`
 */
export function canonicalPost(
  record: SourceRecord,
  mapping: ColumnMapping,
  batchTimeMicros: bigint,
): CanonicalOutcome {
  const { fields, source_file, position } = record;
  const shape = shapeOf(fields);
  const reading = shape.read(fields);
  if ('skipped' in reading) return reading;
  if ('fault' in reading) {
    return {
      fault: { rule: 'bad_record', reason: reading.fault, raw: jsonText(fields).slice(0, maxRawLength) },
    };
  }

  const columns = mappedColumns(fields, mapping, reading);
  const taken: FieldPath[] = [...(reading.redundant ?? [])];
  const value = (column: RecordColumn): unknown => {
    const found = columns[column];
    if (found === undefined || found.value === null) return null;
    const typed = columnValue(column, found.value);
    if (typed === undefined) return null;
    if (found.path !== undefined) taken.push(found.path);
    return typed;
  };

  const row = [
    value('date'),
    value('user'),
    value('text'),
    value('sentiment'),
    source_file,
    batchTimeMicros,
    value('post_id') ?? positionId(source_file, position),
    value('seq'),
    value('lang'),
    value('source') ?? shape.name,
    value('mentions'),
    value('op') ?? 'create',
  ];
  const rest = leftover(fields, taken);
  row.push(rest === undefined ? null : jsonText(rest));
  return { row };
}

const maxRawLength = 4096;

/** The identity of a post that brings none: the first 32 hex digits of SHA-256(file "\n" position). */
export function positionId(sourceFile: string, position: number): string {
  return createHash('sha256').update(`${sourceFile}\n${position}`).digest('hex').slice(0, 32);
}

/** The shape's columns with the user's in front. */
export function mappedColumns(
  fields: Fields,
  mapping: ColumnMapping,
  draft: Draft,
): Partial<Record<RecordColumn, Found>> {
  const columns = { ...draft.columns };
  for (const [column, dotted] of Object.entries(mapping) as [RecordColumn, string | undefined][]) {
    const path = dotted === undefined ? undefined : findPath(fields, dotted);
    if (path !== undefined) columns[column] = { value: valueAt(fields, path), path };
  }
  return columns;
}
