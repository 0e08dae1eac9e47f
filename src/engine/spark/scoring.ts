/** Scoring as a step between two relations: Python workers with the lake's model, tried on one text before a stream relies on them. */
import { quotedName } from '../../posts/sql/spark-literals.js';
import type { StructField } from '../../schema/column-types.js';
import { mapArrow, type Relation, type SparkSession, sqlRelation } from './connect/index.js';
import type { SparkModel } from './context.js';
import { typeDdl } from './ddl.js';
import { onWorkers } from './python/on-workers.js';
import { scorerCommand } from './scorer/scorer-command.js';

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
  return onWorkers(async (pythonVersion) => {
    await session.rows(by(pythonVersion)(probe));
    return by(pythonVersion);
  });
}

function probed(name: string, text: string): string {
  if (name === text) return `'a fine day'`;
  return name === 'scored_at' ? 'current_timestamp()' : 'NULL';
}
