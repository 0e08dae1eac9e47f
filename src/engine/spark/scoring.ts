/** Scoring as a step between two relations: Python workers with the lake's model, tried on one text before a stream relies on them. */
import { isMurmurError } from '../../base/errors.js';
import { quotedName } from '../../posts/sql/spark-literals.js';
import type { StructField } from '../../schema/column-types.js';
import { mapArrow, type Relation, type SparkSession, sparkExceptions, sqlRelation } from './connect/index.js';
import type { SparkModel } from './context.js';
import { typeDdl } from './ddl.js';
import { assumedPython, scorerCommand } from './scorer/scorer-command.js';
import { workerFault, workerVersions } from './scorer/worker-fault.js';

/**
 * @param columns those of the relation to score, `text` and `scored_at` among them
 * @throws spark.worker_package_missing, spark.bundle_missing, spark.bundle_altered, spark.bundle_invalid (external)
 */
export async function scoring(
  session: SparkSession,
  model: SparkModel,
  columns: readonly StructField[],
  text: string,
): Promise<(input: Relation) => Relation> {
  const bundle = await model.provide(session);
  const { command, ddl } = await scorerCommand({ bundle, model, columns, text });
  const by = (pythonVersion: string) => (input: Relation) =>
    mapArrow(input, {
      name: 'murmur_score',
      columns: columns.map(({ name }) => name),
      command,
      output: ddl,
      pythonVersion,
    });
  const values = columns.map(
    ({ name, type }) => `CAST(${probed(name, text)} AS ${typeDdl(type)}) AS ${quotedName(name)}`,
  );
  const probe = sqlRelation(`SELECT ${values.join(', ')}`);
  const tried = async (pythonVersion: string) => {
    await session.rows(by(pythonVersion)(probe));
    return by(pythonVersion);
  };
  try {
    return await tried(assumedPython);
  } catch (e) {
    const versions = workerVersions(told(e));
    if (versions !== undefined && versions.worker !== assumedPython)
      return tried(versions.worker).catch(named);
    return named(e);
  }
}

function probed(name: string, text: string): string {
  if (name === text) return `'a fine day'`;
  return name === 'scored_at' ? 'current_timestamp()' : 'NULL';
}

function named(e: unknown): never {
  throw (isMurmurError(e) ? workerFault(told(e), e) : undefined) ?? e;
}

function told(e: unknown): string {
  return sparkExceptions(e)
    .map(({ message }) => message)
    .join('\n');
}
