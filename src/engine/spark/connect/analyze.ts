/** Questions about a plan, and about the server itself. */
import type { MessageInitShape } from '@bufbuild/protobuf';
import { MurmurError } from '../../../base/errors.js';
import { schemaDdl } from './ddl.js';
import type { AnalyzePlanRequestSchema, AnalyzePlanResponse } from './gen/spark/connect/base_pb.js';
import type { Relation } from './relations.js';
import { unexpected } from './statements.js';
import type { AskOptions, Wire } from './wire.js';

const oldestMajor = 4;

/** @throws spark.version_unsupported (user) before Spark 4.0, spark.* */
export async function sparkVersion(wire: Wire, options: AskOptions): Promise<string> {
  const result = await ask(wire, 'connecting to Spark', { case: 'sparkVersion', value: {} }, options);
  if (result.case !== 'sparkVersion') throw unexpected('spark_version');
  const { version } = result.value;
  if (release(version)[0] < oldestMajor) {
    throw new MurmurError(
      'spark.version_unsupported',
      `connecting to Spark: the server is Spark ${version}`,
      {
        fault: 'user',
        fix: 'use a server of Spark 4.0 or newer',
        context: { version },
      },
    );
  }
  return version;
}

/** Major and minor of `4.2.1`; zeros where there are none. */
export function release(version: string): [number, number] {
  const [, major = '0', minor = '0'] = /^(\d+)\.(\d+)/.exec(version) ?? [];
  return [Number(major), Number(minor)];
}

/** The columns as DDL. @throws spark.analysis (user), spark.* */
export async function schemaOf(wire: Wire, relation: Relation): Promise<string> {
  const result = await ask(wire, 'reading a schema', { case: 'schema', value: { plan: root(relation) } });
  if (result.case !== 'schema' || result.value.schema?.kind.case !== 'struct') throw unexpected('schema');
  return schemaDdl(result.value.schema.kind.value);
}

/** @throws spark.analysis (user), spark.* */
export async function isStreaming(wire: Wire, relation: Relation): Promise<boolean> {
  const value = { plan: root(relation) };
  const result = await ask(wire, 'looking at a plan', { case: 'isStreaming', value });
  if (result.case !== 'isStreaming') throw unexpected('is_streaming');
  return result.value.isStreaming;
}

type Analyze = NonNullable<MessageInitShape<typeof AnalyzePlanRequestSchema>['analyze']>;

async function ask(
  wire: Wire,
  doing: string,
  analyze: Analyze,
  askOptions?: AskOptions,
): Promise<AnalyzePlanResponse['result']> {
  const { result } = await wire.ask(
    doing,
    (client, base, options) => client.analyzePlan({ ...base, analyze }, options),
    askOptions,
  );
  return result;
}

function root(relation: Relation) {
  return { opType: { case: 'root' as const, value: relation } };
}
