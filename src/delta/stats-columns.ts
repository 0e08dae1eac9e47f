/**
 * For which columns a file's `add` carries statistics: the first 32 leaves of the data columns, or as many as
 * `delta.dataSkippingNumIndexedCols` says (-1 for all), or those that `delta.dataSkippingStatsColumns` names, which goes
 * first. A leaf is whatever is not a struct: arrays and maps count as one, and have a null count only.
 */
import type { DataType, StructType } from '../schema/column-types.js';

export interface StatsColumn {
  /** Field names from the outermost in. */
  path: string[];
  type: DataType;
}

const defaultIndexedColumns = 32;

/** @param schema the columns in the file, partition columns left out */
export function statsColumns(
  schema: StructType,
  configuration: Readonly<Record<string, string>> = {},
): StatsColumn[] {
  const leaves = [...leavesOf(schema, [])];
  const named = configuration['delta.dataSkippingStatsColumns'];
  if (named !== undefined) {
    const wanted = columnList(named);
    return leaves.filter((leaf) => wanted.some((path) => startsWith(leaf.path, path)));
  }
  const count = Number(configuration['delta.dataSkippingNumIndexedCols'] ?? defaultIndexedColumns);
  return count < 0 ? leaves : leaves.slice(0, count);
}

function* leavesOf(struct: StructType, parents: readonly string[]): Generator<StatsColumn> {
  for (const { name, type } of struct.fields) {
    const path = [...parents, name];
    if (typeof type !== 'string' && type.type === 'struct') yield* leavesOf(type, path);
    else if (type !== 'void') yield { path, type };
  }
}

/** `a, b.c, ` + "`odd.name`" as paths. */
function columnList(text: string): string[][] {
  return [...text.matchAll(/(?:`(?:[^`]|``)*`|[^,`])+/g)]
    .map(([item]) =>
      [...item.trim().matchAll(/`((?:[^`]|``)*)`|[^.`]+/g)].map(
        ([part, quoted]) => quoted?.replaceAll('``', '`') ?? part.trim(),
      ),
    )
    .filter((path) => path.length > 0);
}

function startsWith(path: readonly string[], prefix: readonly string[]): boolean {
  return prefix.every((name, i) => path[i]?.toLowerCase() === name.toLowerCase());
}
