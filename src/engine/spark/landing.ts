/** The landing place as a stream of posts: whole files, found by Spark, taken apart by views of this session. */
import {
  project,
  type Relation,
  readPath,
  readTable,
  type SparkSession,
  sqlRelation,
} from './connect/index.js';
import type { SparkContext } from './context.js';
import { landingViews } from './sql/landing/index.js';

const filesView = 'murmur_files';

/** @throws spark.format_unsupported (user), spark.* */
export async function landingOf(
  session: SparkSession,
  { places, landing }: SparkContext,
  maxFiles: number,
): Promise<Relation> {
  const { autoLoader, ...options } = landing;
  const files = readPath(places.landing, {
    format: autoLoader ? 'cloudFiles' : 'text',
    schema: 'value STRING',
    streaming: true,
    options: {
      wholetext: 'true',
      recursiveFileLookup: 'true',
      ...(autoLoader
        ? { 'cloudFiles.format': 'text', 'cloudFiles.maxFilesPerTrigger': String(maxFiles) }
        : { maxFilesPerTrigger: String(maxFiles) }),
    },
  });
  // The path of a row's file is known where the file is read, and nowhere else.
  await session.view(filesView, project(files, ['value', '_metadata.file_path AS file_path']));
  let last = filesView;
  for (const { name, select } of landingViews({ ...options, source: filesView }, 'murmur_landing')) {
    await session.view(name, sqlRelation(select));
    last = name;
  }
  return readTable(last);
}
