/** A state of a Delta table as a dataset of a run: what was read, and how much of it there was. */
import type { Lake } from '../../lake/lake.js';
import type { LakeTable } from '../../lake/lake-table.js';
import type { DatasetInput } from '../../mlflow/index.js';

/** Tables that queries read; what `application` holds is read by people only. */
const inputTables = ['bronze', 'silver', 'gold'];

/** Those that exist. */
export async function inputDatasets(lake: Lake, context: string): Promise<DatasetInput[]> {
  const inputs = await Promise.all(inputTables.map((name) => tableDataset(lake.table(name), context)));
  return inputs.flatMap((input) => (input === undefined ? [] : [input]));
}

/** Of the newest version, or of the one that is named; undefined where the table does not exist. */
export async function tableDataset(
  table: LakeTable,
  context: string,
  version?: number,
): Promise<DatasetInput | undefined> {
  const at = await table.at(version === undefined ? {} : { version });
  if (at === undefined) return undefined;
  const { snapshot } = at;
  const rows = snapshot.numRecords;
  return {
    name: table.name,
    digest: `v${snapshot.version}`,
    sourceType: 'delta_table',
    source: JSON.stringify({ path: table.path, delta_table_version: snapshot.version }),
    schema: JSON.stringify({
      mlflow_colspec: snapshot.schema.fields.map(({ name, type, nullable }) => ({
        name,
        type: mlflowTypes[String(type)] ?? 'string',
        required: !nullable,
      })),
    }),
    profile: JSON.stringify({
      ...(rows === undefined ? {} : { num_rows: rows }),
      version: snapshot.version,
      table_id: snapshot.metadata.id,
    }),
    context,
  };
}

/** MLflow's names of types; what it has no name for is shown as text. */
const mlflowTypes: Readonly<Record<string, string>> = {
  long: 'long',
  integer: 'integer',
  double: 'double',
  float: 'float',
  boolean: 'boolean',
  timestamp: 'datetime',
  date: 'datetime',
  binary: 'binary',
};
