/**
 * Z-order: rows whose values in several columns are near each other stand in the same files, so that a condition on any of
 * the columns needs few of them. Files say in their tags (Spark's names) which cube they belong to: a cube is what one run put
 * into order. A partition that is one cube by the columns and the file size asked for needs no second run.
 */
import { randomUUID } from 'node:crypto';
import { MurmurError } from '../base/errors.js';
import type { DataType } from '../schema/column-types.js';
import type { AddFile } from './actions.js';
import type { Snapshot } from './snapshot.js';
import { statsColumns } from './stats-columns.js';

const cubeTag = 'ZCUBE_ID';
const columnsTag = 'ZCUBE_ZORDER_BY';
const curveTag = 'ZCUBE_ZORDER_CURVE';
const targetTag = 'OPTIMIZE_TARGET_SIZE';

/** Tags for the files of a new cube. @param targetSize bytes */
export function zCubeTags(columns: readonly string[], targetSize: number): Record<string, string> {
  return {
    [cubeTag]: randomUUID(),
    [columnsTag]: JSON.stringify(columns),
    [curveTag]: 'zorder',
    [targetTag]: String(targetSize),
  };
}

export function zCubeOf({ tags }: AddFile): string | undefined {
  return tags?.[cubeTag];
}

/** The columns by which a file was put into Z-order. */
export function zOrderOf({ tags }: AddFile): string[] | undefined {
  const columns = tags?.[columnsTag];
  return columns === undefined ? undefined : (JSON.parse(columns) as string[]);
}

/** Whether the files are one cube, of the same making as `wanted` says. */
export function isZOrdered(files: readonly AddFile[], wanted: Readonly<Record<string, string>>): boolean {
  const cube = zCubeOf(files[0]!);
  const same = [columnsTag, curveTag, targetTag];
  return (
    cube !== undefined &&
    files.every((file) => zCubeOf(file) === cube && same.every((tag) => file.tags?.[tag] === wanted[tag]))
  );
}

/**
 * The columns as the schema spells them.
 * @throws delta.zorder_column (user) for columns that are unknown, named twice, of the partition, or without minimum and
 *   maximum in the log, by which alone readers could pass over files
 */
export function zOrderColumns(
  root: string,
  { schema, metadata }: Pick<Snapshot, 'schema' | 'metadata'>,
  names: readonly string[],
): string[] {
  const { configuration, partitionColumns } = metadata;
  const isPartition = (name: string) => partitionColumns.some((each) => sameName(each, name));
  const inFiles = { ...schema, fields: schema.fields.filter(({ name }) => !isPartition(name)) };
  const counted = statsColumns(inFiles, configuration);
  const columns = names.map((name) => {
    const refused = (why: string, fix: string) => badColumn(root, name, why, fix);
    const field = schema.fields.find((each) => sameName(each.name, name));
    if (field === undefined) {
      throw refused('there is no such column', `one of ${schema.fields.map((f) => f.name).join(', ')}`);
    }
    if (isPartition(name)) throw refused('files are already apart by it', 'name other columns');
    if (!hasBounds(field.type)) throw refused('its type has no minimum and maximum', 'name other columns');
    if (!counted.some(({ path }) => path.length === 1 && path[0] === field.name)) {
      throw refused('the log keeps no statistics of it', statisticsFix(configuration, field.name));
    }
    return field.name;
  });
  const twice = columns.find((name, i) => columns.indexOf(name) !== i);
  if (twice !== undefined) throw badColumn(root, twice, 'it is named twice', 'name it once');
  return columns;
}

function hasBounds(type: DataType): boolean {
  return typeof type === 'string' && !['boolean', 'binary', 'void'].includes(type);
}

function statisticsFix(configuration: Readonly<Record<string, string>>, name: string): string {
  return configuration['delta.dataSkippingStatsColumns'] === undefined
    ? 'raise the table property delta.dataSkippingNumIndexedCols (-1 for all columns)'
    : `add ${name} to the table property delta.dataSkippingStatsColumns`;
}

function sameName(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}

function badColumn(root: string, column: string, why: string, fix: string): MurmurError {
  return new MurmurError('delta.zorder_column', `putting ${root} into Z-order by ${column}: ${why}`, {
    fault: 'user',
    fix,
    context: { root, column },
  });
}
