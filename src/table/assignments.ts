/** `{ column: 'SQL expression' }` as users write it, held against the table's columns. */
import { MurmurError } from '../base/errors.js';
import type { DuckSession } from '../duck/session.js';
import { quoteIdent } from '../duck/sql-text.js';
import { incomingSchema, queryColumns } from '../duck/store-assignment.js';
import { duckType } from '../duck/types.js';
import type { StructField, StructType } from '../schema/column-types.js';

/** SQL expressions by column name, names ignoring case. */
export type Assignments = Readonly<Record<string, string>>;

/**
 * The expressions by the table's spelling of their column, each cast to its type.
 * @param from what they may refer to: a FROM clause
 * @throws table.column_unknown (user), duck.type_mismatch (user), duck.sql_error (user)
 */
export async function checkedAssignments(
  session: DuckSession,
  set: Assignments,
  schema: StructType,
  from: string,
): Promise<Map<string, string>> {
  const assigned = new Map<string, { field: StructField; sql: string }>();
  for (const [name, sql] of Object.entries(set)) {
    const field = schema.fields.find((f) => f.name.toLowerCase() === name.toLowerCase());
    if (field === undefined) throw unknown(name, schema);
    if (assigned.has(field.name)) throw twice(field.name);
    assigned.set(field.name, { field, sql });
  }
  if (assigned.size === 0) return new Map();
  const list = [...assigned].map(([name, { sql }]) => `(${sql}\n) AS ${quoteIdent(name)}`);
  incomingSchema(await queryColumns(session, `SELECT ${list.join(', ')} FROM ${from}`), schema);
  return new Map(
    [...assigned].map(([name, { field, sql }]) => [name, `CAST((${sql}\n) AS ${duckType(field.type)})`]),
  );
}

function unknown(name: string, { fields }: StructType): MurmurError {
  return new MurmurError(
    'table.column_unknown',
    `setting column ${name}: it is not among ${fields.map((f) => f.name).join(', ')}`,
    { fault: 'user', fix: 'add it with addColumns first', context: { column: name } },
  );
}

function twice(name: string): MurmurError {
  return new MurmurError('table.column_ambiguous', `setting column ${name} twice (names ignore case)`, {
    fault: 'user',
    context: { column: name },
  });
}
