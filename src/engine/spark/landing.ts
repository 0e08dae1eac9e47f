/**
 * The landing place as a stream of posts: whole files, found by Spark. JSON is taken apart by views of this session, every other
 * file is opened in Python first.
 */
import {
  project,
  type Relation,
  readPath,
  readTable,
  type SparkSession,
  sqlRelation,
} from './connect/index.js';
import type { LandingPlace, SparkContext } from './context.js';
import { fileOpener } from './file-opener.js';
import { filesSql, isPlain, landingViews } from './sql/landing/index.js';

const [found, finished, opened] = ['murmur_files', 'murmur_finished_files', 'murmur_opened_files'];

/** @throws spark.* */
export async function landingOf(
  session: SparkSession,
  { places, landing }: SparkContext,
  maxFiles: number,
): Promise<Relation> {
  const files = readPath(places.landing, {
    format: landing.autoLoader ? 'cloudFiles' : 'text',
    schema: 'value STRING',
    streaming: true,
    options: {
      ...wholeFiles,
      ...(landing.autoLoader
        ? { 'cloudFiles.format': 'text', 'cloudFiles.maxFilesPerTrigger': String(maxFiles) }
        : { ...leftZipped, maxFilesPerTrigger: String(maxFiles), maxFileAge: everyAge }),
    },
  });
  return landedPosts(session, files, landing);
}

/** By default Spark leaves a file out, in silence, that is a week older than the newest one. */
const everyAge = '36500d';

/** Of a text source: a file is a row, and the bytes of it are left as they are. */
export const wholeFiles = { wholetext: 'true', recursiveFileLookup: 'true' } as const;

/**
 * Of a text source: gzip is taken off where a file is opened. Where Hadoop does it, a file that is cut ends the stream. The
 * extension has another name in the Hadoop client that Spark brings along.
 */
export const leftZipped = {
  'io.compression.codecs': 'org.apache.hadoop.io.compress.PassthroughCodec',
  'io.compress.passthrough.extension': '.gz',
  'org.apache.hadoop.shaded.io.compress.passthrough.extension': '.gz',
} as const;

/**
 * The rows of bronze, and what gives none (see `landingViews`).
 * @param files of a text source, whole
 * @throws spark.worker_package_missing (external), spark.*
 */
export async function landedPosts(
  session: SparkSession,
  files: Relation,
  landing: LandingPlace,
): Promise<Relation> {
  // The path of a row's file is known where the file is read, and nowhere else.
  await session.view(found, project(files, ['value', '_metadata.file_path AS file_path']));
  await session.view(finished, sqlRelation(filesSql(found, landing.root)));
  const open = await fileOpener(session, landing);
  await session.view(
    opened,
    open(
      sqlRelation(
        `SELECT source_file, CAST(value AS BINARY) AS content FROM ${finished} WHERE NOT (${isPlain(landing.format)})`,
      ),
    ),
  );
  let last = finished;
  for (const { name, select } of landingViews({ ...landing, source: finished, opened }, 'murmur_landing')) {
    await session.view(name, sqlRelation(select));
    last = name;
  }
  return readTable(last);
}
