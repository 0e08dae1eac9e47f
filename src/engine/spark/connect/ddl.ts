/** A schema of the server's as the DDL text that Spark itself reads. */
import type { DataType, DataType_Struct } from './gen/spark/connect/types_pb.js';

/** `id BIGINT NOT NULL, tags ARRAY<STRING>`; a type that this client does not know is `UNKNOWN`. */
export function schemaDdl({ fields }: DataType_Struct): string {
  return fields
    .map((f) => `${quoteName(f.name)} ${typeDdl(f.dataType)}${f.nullable ? '' : ' NOT NULL'}`)
    .join(', ');
}

function typeDdl(type: DataType | undefined): string {
  const kind = type?.kind;
  if (kind?.case === undefined) return 'UNKNOWN';
  switch (kind.case) {
    case 'null':
      return 'VOID';
    case 'byte':
      return 'TINYINT';
    case 'short':
      return 'SMALLINT';
    case 'integer':
      return 'INT';
    case 'long':
      return 'BIGINT';
    case 'timestampNtz':
      return 'TIMESTAMP_NTZ';
    case 'decimal':
      return `DECIMAL(${kind.value.precision ?? 10},${kind.value.scale ?? 0})`;
    case 'array':
      return `ARRAY<${typeDdl(kind.value.elementType)}>`;
    case 'map':
      return `MAP<${typeDdl(kind.value.keyType)}, ${typeDdl(kind.value.valueType)}>`;
    case 'struct':
      return `STRUCT<${kind.value.fields.map((f) => `${quoteName(f.name)}: ${typeDdl(f.dataType)}`).join(', ')}>`;
    case 'unparsed':
      return kind.value.dataTypeString;
    default:
      return kind.case.toUpperCase();
  }
}

function quoteName(name: string): string {
  return /^[a-z_][a-z0-9_]*$/i.test(name) ? name : `\`${name.replaceAll('`', '``')}\``;
}
