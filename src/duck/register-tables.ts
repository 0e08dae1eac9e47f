/** Tables of a lake under their names in SQL. */
import type { StructType } from '../schema/column-types.js';
import type { Storage } from '../storage/storage.js';
import { emptySelect, type ScanTarget, scanSql } from './scan.js';
import type { DuckSession } from './session.js';
import { quoteIdent } from './sql-text.js';

/** A table at one version, or the columns that a table will have once it exists. */
export type RegisteredTable = { snapshot: ScanTarget; storage: Storage } | { schema: StructType };

/** Creates or replaces one view a table, on this session alone. */
export async function registerTables(
  session: DuckSession,
  tables: Readonly<Record<string, RegisteredTable>>,
): Promise<void> {
  for (const [name, table] of Object.entries(tables)) {
    const select =
      'schema' in table
        ? emptySelect(table.schema.fields)
        : await scanSql(session, table.snapshot, table.storage);
    await session.run(`CREATE OR REPLACE TEMP VIEW ${quoteIdent(name)} AS ${select}`);
  }
}
