/**
 * Column mapping by id: what each field of the schema is called inside a file, found by the ids that the file's footer gives
 * its fields (PROTOCOL.md, "Reader Requirements for Column Mapping"). With the names known, such a file is read like any
 * other.
 */
import { columnId, physicalName } from '../delta/index.js';
import type { DataType, StructField, StructType } from '../schema/column-types.js';
import type { DuckSession } from './session.js';
import { quoteList } from './sql-text.js';

/** A group or column of a Parquet file. */
interface Node {
  name: string;
  id: number | null;
  children: Node[];
}

/** For every file the schema with the names that the file uses. */
export async function namesInFiles(
  session: DuckSession,
  uris: readonly string[],
  schema: StructType,
): Promise<Map<string, StructType>> {
  const footers = await readFooters(session, uris);
  return new Map(uris.map((uri) => [uri, inFile(schema, footers.get(uri)!)]));
}

function inFile(schema: StructType, root: Node): StructType {
  const identified = hasIds(root);
  const fields = (struct: StructType, node: Node | undefined): StructType => ({
    ...struct,
    fields: struct.fields.map((field) => {
      const child = node && find(field, node, identified);
      return { ...field, name: child?.name ?? absentName(field), type: typeIn(field.type, child) };
    }),
  });
  const typeIn = (type: DataType, node: Node | undefined): DataType => {
    if (typeof type === 'string') return type;
    if (type.type === 'struct') return fields(type, node);
    const repeated = node?.children[0];
    if (type.type === 'map') {
      const [key, value] = repeated?.children ?? [];
      return { ...type, keyType: typeIn(type.keyType, key), valueType: typeIn(type.valueType, value) };
    }
    return { ...type, elementType: typeIn(type.elementType, repeated && elementOf(repeated)) };
  };
  return fields(schema, root);
}

/** A file that was written without any ids has the physical names. */
function find(field: StructField, node: Node, identified: boolean): Node | undefined {
  if (!identified) return node.children.find(({ name }) => name === physicalName(field, 'id'));
  const id = columnId(field);
  return id === undefined ? undefined : node.children.find((child) => child.id === id);
}

/** No file has a column of this name, so it reads as null. */
function absentName(field: StructField): string {
  return `no field with id ${columnId(field) ?? 'unknown'}`;
}

/** Old writers leave out the middle one of a list's three levels. */
function elementOf(repeated: Node): Node {
  const [only, ...others] = repeated.children;
  const isElement = others.length > 0 || repeated.name === 'array' || repeated.name.endsWith('_tuple');
  return only === undefined || isElement ? repeated : only;
}

function hasIds(node: Node): boolean {
  return node.id !== null || node.children.some(hasIds);
}

async function readFooters(session: DuckSession, uris: readonly string[]): Promise<Map<string, Node>> {
  const rows = await session.rows<{ file: string; name: string; children: number | null; id: number | null }>(
    `SELECT file_name AS file, name, num_children AS children, field_id AS id
     FROM parquet_schema(${quoteList([...new Set(uris)])})`,
  );
  const footers = new Map<string, Node>();
  let at = 0;
  const take = (): Node => {
    const { name, children, id } = rows[at++]!;
    return { name, id, children: Array.from({ length: Number(children ?? 0) }, take) };
  };
  while (at < rows.length) footers.set(rows[at]!.file, take());
  return footers;
}
