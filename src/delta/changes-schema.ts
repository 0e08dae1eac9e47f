/** Whether rows written under an older schema can be read in a newer one, value for value. */
import { MurmurError } from '../base/errors.js';
import type { DataType, StructField, StructType } from '../schema/column-types.js';
import type { Metadata } from './actions.js';
import type { Snapshot } from './snapshot.js';

/**
 * Added columns and wider types are fine, renamed ones where column mapping keeps their physical name.
 * @throws delta.schema_mismatch (user) naming the first column that is lost
 */
export function assertReadableAs(root: string, version: number, older: Metadata, newer: Snapshot): void {
  const why = difference(older, newer);
  if (why === undefined) return;
  throw new MurmurError(
    'delta.schema_mismatch',
    `reading the changes of ${root} up to version ${newer.version}: ${why} since version ${version}`,
    {
      fault: 'user',
      fix: 'read the versions before and after the change of the schema one after the other',
      context: { root, version, target: newer.version },
    },
  );
}

function difference(older: Metadata, newer: Snapshot): string | undefined {
  const schema =
    older.schemaString === newer.metadata.schemaString
      ? newer.schema
      : (JSON.parse(older.schemaString) as StructType);
  const before = partitioning(older, schema);
  const lost = lostIn(schema, newer.schema, '');
  if (lost !== undefined || before === partitioning(newer.metadata, newer.schema)) return lost;
  return 'other partition columns';
}

function partitioning({ partitionColumns }: Metadata, { fields }: StructType): string {
  const inFiles = partitionColumns.map((column) => {
    const field = fields.find(({ name }) => name.toLowerCase() === column.toLowerCase());
    return field === undefined ? column : nameInFiles(field);
  });
  return JSON.stringify(inFiles);
}

const physicalName = 'delta.columnMapping.physicalName';

function lostIn(older: StructType, newer: StructType, parent: string): string | undefined {
  for (const field of older.fields) {
    const now = newer.fields.find((other) => nameInFiles(other) === nameInFiles(field));
    if (now === undefined) return `column ${parent}${field.name} is gone`;
    const lost = lostType(field.type, now.type, `${parent}${field.name}`);
    if (lost !== undefined) return lost;
  }
  return undefined;
}

function nameInFiles({ name, metadata }: StructField): string {
  return String(metadata[physicalName] ?? name).toLowerCase();
}

function lostType(older: DataType, newer: DataType, name: string): string | undefined {
  if (typeof older === 'string' || typeof newer === 'string') {
    if (older === newer || older === 'void') return undefined;
    if (typeof older === 'string' && typeof newer === 'string' && widens(older, newer)) return undefined;
    return `column ${name} has another type`;
  }
  if (older.type === 'struct' && newer.type === 'struct') return lostIn(older, newer, `${name}.`);
  if (older.type === 'array' && newer.type === 'array')
    return lostType(older.elementType, newer.elementType, `${name}.element`);
  if (older.type === 'map' && newer.type === 'map') {
    return (
      lostType(older.keyType, newer.keyType, `${name}.key`) ??
      lostType(older.valueType, newer.valueType, `${name}.value`)
    );
  }
  return `column ${name} has another type`;
}

/** PROTOCOL.md, "Type Widening". */
function widens(older: string, newer: string): boolean {
  const integers = ['byte', 'short', 'integer', 'long'];
  const from = integers.indexOf(older);
  if (from >= 0 && integers.indexOf(newer) > from) return true;
  if (older === 'date') return newer === 'timestamp_ntz';
  if (newer === 'double') return older === 'float' || (from >= 0 && older !== 'long');
  const to = decimal(newer);
  const was = decimal(older) ?? (from >= 0 ? { digits: from < 3 ? 10 : 20, scale: 0 } : undefined);
  if (to === undefined || was === undefined) return false;
  return to.scale >= was.scale && to.digits >= was.digits;
}

function decimal(type: string): { digits: number; scale: number } | undefined {
  const [, precision, scale] = /^decimal\((\d+),\s*(\d+)\)$/.exec(type) ?? [];
  return precision === undefined
    ? undefined
    : { digits: Number(precision) - Number(scale), scale: Number(scale) };
}
