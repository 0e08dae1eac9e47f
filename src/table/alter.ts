/** Changes of what a table is rather than of its rows: properties and columns. Unknown metadata stays as it is. */

import { MurmurError } from '../base/errors.js';
import type { CommitDescription } from '../delta/commit-info.js';
import { asNullable, assertNoExtraColumns, mergeSchema } from '../delta/schema-evolution.js';
import { type StructField, struct } from '../schema/column-types.js';
import type { Attempt } from './attempt.js';
import { commitChange } from './commit-change.js';
import type { TableContext } from './table-context.js';

/** @returns the version that the table has now; unchanged where the properties have these values already */
export function setProperties(
  context: TableContext,
  properties: Readonly<Record<string, string>>,
): Promise<number> {
  return alter(context, (attempt) => {
    const { configuration } = attempt.snapshot.metadata;
    if (Object.entries(properties).every(([key, value]) => configuration[key] === value)) return undefined;
    attempt.alter(attempt.schema, { configuration: { ...configuration, ...properties } });
    return { operation: 'SET TBLPROPERTIES', operationParameters: { properties } };
  });
}

/** Keys that are not set are fine. */
export function unsetProperties(context: TableContext, keys: readonly string[]): Promise<number> {
  return alter(context, (attempt) => {
    const { configuration } = attempt.snapshot.metadata;
    const kept = Object.entries(configuration).filter(([key]) => !keys.includes(key));
    if (kept.length === Object.keys(configuration).length) return undefined;
    attempt.alter(attempt.schema, { configuration: Object.fromEntries(kept) });
    return { operation: 'UNSET TBLPROPERTIES', operationParameters: { properties: keys, ifExists: 'true' } };
  });
}

/** @throws delta.column_exists (user), delta.not_null (user) for a column that old rows could not satisfy */
export function addColumns(context: TableContext, columns: readonly StructField[]): Promise<number> {
  return alter(context, (attempt) => {
    const { schema, log } = attempt;
    const { root } = log.storage;
    for (const { name, nullable } of columns) {
      if (schema.fields.some((f) => f.name.toLowerCase() === name.toLowerCase())) {
        throw refused('delta.column_exists', root, name, 'it is there already', 'choose another name');
      }
      if (!nullable) {
        throw refused('delta.not_null', root, name, 'old rows have no value for it', 'add it as nullable');
      }
    }
    if (columns.length === 0) return undefined;
    attempt.alter(mergeSchema(schema, struct(...columns.map(asNullable))));
    return {
      operation: 'ADD COLUMNS',
      operationParameters: { columns: columns.map((field) => ({ column: field })) },
    };
  });
}

/** Lets a column hold nulls from now on. The other way is closed: old rows may hold some. */
export function dropNotNull(context: TableContext, name: string): Promise<number> {
  return alter(context, (attempt) => {
    const { schema, log } = attempt;
    assertNoExtraColumns(
      log.storage.root,
      schema,
      struct({ name, type: 'void', nullable: true, metadata: {} }),
    );
    const field = schema.fields.find((f) => f.name.toLowerCase() === name.toLowerCase())!;
    if (field.nullable) return undefined;
    const changed = { ...field, nullable: true };
    attempt.alter(struct(...schema.fields.map((f) => (f === field ? changed : f))));
    return { operation: 'CHANGE COLUMN', operationParameters: { column: changed } };
  });
}

function alter(
  context: TableContext,
  plan: (attempt: Attempt) => CommitDescription | undefined,
): Promise<number> {
  return context.withSession((session) => commitChange(context, session, async (attempt) => plan(attempt)));
}

function refused(code: string, root: string, column: string, why: string, fix: string): MurmurError {
  return new MurmurError(code, `adding column ${column} to ${root}: ${why}`, {
    fault: 'user',
    fix,
    context: { root, column },
  });
}
