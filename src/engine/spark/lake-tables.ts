/** The tables of a lake as Spark makes them. */
import { MurmurError } from '../../base/errors.js';
import { progress, quarantine } from '../../posts/tables.js';
import type { StructType } from '../../schema/column-types.js';
import type { QueryDefinition } from '../engine.js';
import { defaultRetention } from '../table-properties.js';
import type { SparkSession } from './connect/index.js';
import type { SparkContext } from './context.js';
import { openTable, type TableMade } from './tables.js';

/** The table that a query writes. */
export function tableOf(context: SparkContext, { name, plan, stamp }: QueryDefinition): TableMade {
  const { table } = plan.sink;
  return {
    path: context.places.table(table),
    schema: contractOf(context, table),
    retention: context.retention?.[table] ?? defaultRetention,
    // Application is merged from gold's changes.
    ...(table === 'gold' ? { properties: { 'delta.enableChangeDataFeed': 'true' } } : {}),
    writer: { stream: name, table, stamp },
  };
}

export function contractOf({ contracts }: SparkContext, table: string): StructType {
  const schema = contracts[table];
  if (schema !== undefined) return schema;
  throw new MurmurError('engine.plan_invalid', `plan with the unknown table ${table}`, { fault: 'internal' });
}

/** Makes all tables of a run: a stream over a table needs it to be there. @throws as `openTable` */
export async function openTables(
  session: SparkSession,
  context: SparkContext,
  queries: readonly QueryDefinition[],
): Promise<void> {
  await openShared(session, context);
  for (const query of queries) await openTable(session, tableOf(context, query));
}

/** Makes the tables that all queries write. @throws as `openTable` */
export async function openShared(session: SparkSession, context: SparkContext): Promise<void> {
  for (const [name, schema] of Object.entries({ progress, quarantine })) {
    const retention = context.retention?.[name] ?? defaultRetention;
    await openTable(session, { path: context.places.table(name), schema, retention });
  }
}
