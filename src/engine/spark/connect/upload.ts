/** Rows from here as a relation. Small ones travel in the request; larger ones are uploaded once, under the hash of what they are. */
import { createHash } from 'node:crypto';
import { create, toBinary } from '@bufbuild/protobuf';
import { type SparkField, writeArrow } from './arrow-columns.js';
import { addArtifact, hasArtifact } from './artifacts.js';
import { LocalRelationSchema } from './gen/spark/connect/relations_pb.js';
import type { Relation } from './relations.js';
import type { Wire } from './wire.js';

const largestInRequest = 1 << 20;

/** @throws spark.value_invalid (user), spark.artifact_damaged (external), spark.* */
export async function localRelation(
  wire: Wire,
  columns: readonly SparkField[],
  rows: readonly Readonly<Record<string, unknown>>[],
  signal?: AbortSignal,
): Promise<Relation> {
  const schema = JSON.stringify({ type: 'struct', fields: columns.map(withMetadata) });
  const value = create(LocalRelationSchema, { data: writeArrow(columns, rows), schema });
  if (value.data!.length <= largestInRequest) return { relType: { case: 'localRelation', value } };
  const bytes = toBinary(LocalRelationSchema, value);
  const hash = createHash('sha256').update(bytes).digest('hex');
  const name = `cache/${hash}`;
  if (!(await hasArtifact(wire, name, signal))) await addArtifact(wire, name, bytes, signal);
  return { relType: { case: 'cachedLocalRelation', value: { hash } } };
}

/** Spark's JSON reader wants each field's metadata. */
function withMetadata({ name, type, nullable }: SparkField) {
  return { name, type, nullable, metadata: {} };
}
