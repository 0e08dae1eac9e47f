/** Files that SQL cannot read, opened in Python workers: gzip, CSV, Parquet, and what no name tells. */
import { mapArrow, type Relation, type SparkSession, sqlRelation } from './connect/index.js';
import type { LandingPlace } from './context.js';
import { onWorkers } from './python/on-workers.js';
import { pythonCommand } from './python/python-command.js';

/** In the order in which they are run in one module. */
const sources = ['spark/murmur_csv.py', 'spark/murmur_parquet.py', 'spark/murmur_landing.py'];

const output = 'source_file STRING, position BIGINT, content BINARY, rule STRING, reason STRING';

/**
 * A step from whole files (`source_file`, `content` BINARY) to records: `position` and `content`, the fields as JSON; to the text of
 * JSON files, which has no position; and to what cannot be read, by `rule` and `reason`.
 * @throws spark.worker_package_missing (external), spark.*
 */
export async function fileOpener(
  session: SparkSession,
  { format, csv, maxLine }: LandingPlace,
): Promise<(files: Relation) => Relation> {
  const command = await pythonCommand(sources, { format, csv, maxLine });
  const by = (pythonVersion: string) => (files: Relation) =>
    mapArrow(files, {
      name: 'murmur_open',
      columns: ['source_file', 'content'],
      command,
      output,
      pythonVersion,
    });
  const probe = sqlRelation(`SELECT 'a.csv' AS source_file, CAST('text' AS BINARY) AS content`);
  return onWorkers(async (pythonVersion) => {
    await session.rows(by(pythonVersion)(probe));
    return by(pythonVersion);
  });
}
