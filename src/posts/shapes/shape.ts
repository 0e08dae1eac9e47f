/** What a wire shape is: how to recognise a record as one of its posts, and where each column stands in it. */
import type { FieldPath, Fields } from '../field-path.js';

/** Bronze columns whose value comes from the record itself. */
export const recordColumns = [
  'date',
  'user',
  'text',
  'sentiment',
  'post_id',
  'seq',
  'lang',
  'source',
  'mentions',
  'op',
] as const;
export type RecordColumn = (typeof recordColumns)[number];

export interface Shape {
  /** Also the `source` of its posts. */
  readonly name: string;
  recognises(fields: Fields): boolean;
  read(fields: Fields): ShapeReading;
}

export type ShapeReading =
  /** A record of this shape that is no post and is not meant to be one (`account event`). */
  | { readonly skipped: string }
  /** A record of this shape that cannot become one post. */
  | { readonly fault: string }
  | Draft;

/** Values as they came, each with the field that it uses up; types are judged later, for all shapes alike. */
export interface Draft {
  readonly columns: Partial<Record<RecordColumn, Found>>;
  /** Fields that say nothing beyond what the columns say. */
  readonly redundant?: readonly FieldPath[];
}

export interface Found {
  readonly value: unknown;
  /** Undefined when the value is made from fields that stay in `_rescued_data`. */
  readonly path: FieldPath | undefined;
}
