/**
 * The landing place read by Spark: every line, record and row of every format, sound or spoiled, gives the row, the fate and the
 * reason that the embedded engine gives.
 */
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  connectSpark,
  type Relation,
  readPath,
  type SparkRow,
  type SparkSession,
  withRelations,
} from '../../src/engine/spark/connect/index.js';
import { landedPosts, leftZipped, wholeFiles } from '../../src/engine/spark/landing.js';
import { landingSettings } from '../../src/engine/spark/sql/landing/index.js';
import type { ColumnMapping } from '../../src/posts/canonical.js';
import { type SourceOptions, sourceOptions } from '../../src/sources/options.js';
import { landNastyFiles } from './nasty-files.js';
import { nastyLine } from './nasty-records.js';
import { Draw } from './nasty-texts.js';
import { type LandedRow, readLanding } from './read-landing.js';
import { type RealSpark, startSparkServer } from './setup/spark-server.js';

const maxLine = 2_500;
const draw = new Draw(Number(process.env.MURMUR_SEED ?? 20_090_406));
const lines = (n: number) => Array.from({ length: n }, () => nastyLine(draw)).join('\n');

/** Path below the landing place to content; names hold what a URI writes otherwise. */
const files: Record<string, Buffer> = {
  'plain.ndjson': Buffer.from(`${lines(500)}\n`),
  'a dir/über +1%20.jsonl': Buffer.from(`\uFEFF${lines(300)}\r\n`),
  'cut.ndjson': Buffer.from(`${lines(200)}\n{"text":"cut`),
  'whole.ndjson': Buffer.from(`${lines(50)}\n{"text":"its last line has no end"}`),
  'bytes.ndjson': Buffer.from(
    '{"text":"no \xff utf8"}\n\n{"text":"caf\xc3\xa9"}\n{"text":"\xed\xa0\x80"}\n',
    'latin1',
  ),
  'array.json': Buffer.from(
    '\n [{"text":"a","id":12345678901234567890},\n 7, {"text":"b","n":[1.50,1e400]}]\n',
  ),
  'empty.ndjson': Buffer.alloc(0),
};

const mappings: Record<string, ColumnMapping> = {
  none: {},
  "the user's": {
    text: 'tweet',
    user: 'author.name',
    lang: 'author.tags.0',
    sentiment: 'a.b',
    source: 'geo',
    mentions: 'author.tags',
  },
};

let dir: string;
let server: RealSpark;
let spark: SparkSession;
let nasty: string[];

beforeAll(async () => {
  dir = realpathSync(mkdtempSync(join(tmpdir(), 'murmur-real-spark-landing-')));
  for (const [path, content] of Object.entries(files)) land(`landing/${path}`, content);
  land('landing/zipped.ndjson.gz', gzipSync(files['plain.ndjson']!));
  land('landing/half.ndjson.tmp', Buffer.from('{"text":"not yet"}\n'));
  land('landing/_hidden.ndjson', Buffer.from('{"text":"not for us"}\n'));
  nasty = await landNastyFiles(join(dir, 'landing'), draw);
  land('csv/headless', Buffer.from('1,2009-04-06,ann,first\n0,2009-04-07,bob,"second, and last"\n1,x\n'));
  land('csv/with.ndjson', Buffer.from('4;"a;b";"c"\n'));
  server = await startSparkServer(dir);
  spark = await connectSpark(server.remote);
  await spark.setConf(landingSettings);
});
afterAll(async () => {
  await spark?.close();
  await server?.stop();
  rmSync(dir, { recursive: true, force: true });
});

function land(path: string, content: Buffer): void {
  const file = join(dir, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, content);
}

/** The rows of a folder, not read yet. */
function postsIn(folder: string, { format, csv }: SourceOptions, mapping: ColumnMapping): Promise<Relation> {
  const options = { ...wholeFiles, ...leftZipped };
  const read = readPath(folder, { format: 'text', schema: 'value STRING', options });
  return landedPosts(spark, read, { root: `file://${folder}/`, format, csv, maxLine, mapping });
}

/** The rows that Spark finds, by file. */
async function readBySpark(
  folder: string,
  options: SourceOptions,
  mapping: ColumnMapping,
): Promise<Map<string, LandedRow[]>> {
  const posts = await postsIn(folder, options, mapping);
  const rows = await spark.rows(
    withRelations(
      'SELECT * EXCEPT (__fault), __fault.rule, __fault.reason, __fault.raw FROM posts ORDER BY __position',
      { posts },
    ),
  );
  const byFile = new Map<string, LandedRow[]>();
  for (const row of rows) {
    const file = String(row.__source_file);
    byFile.set(file, [...(byFile.get(file) ?? []), landedRow(row)]);
  }
  return byFile;
}

describe.each(Object.keys(mappings))('with mapping: %s', (name) => {
  const mapping = mappings[name]!;
  const options = sourceOptions.parse({ max_line: maxLine });
  let found: Map<string, LandedRow[]>;
  let expected: Map<string, LandedRow[]>;
  beforeAll(async () => {
    found = await readBySpark(join(dir, 'landing'), options, mapping);
    expected = await readLanding(join(dir, 'landing'), options, mapping);
  });
  const rows = (of: Map<string, LandedRow[]>, path: string) => (of.get(path) ?? []).map(comparable);

  it.each([...Object.keys(files), 'zipped.ndjson.gz'])(
    '%s is read as the embedded engine reads it',
    (path) => {
      expect(rows(found, path)).toEqual(rows(expected, path));
    },
  );

  it('so is every file of another format', () => {
    for (const path of nasty)
      expect({ path, rows: rows(found, path) }).toEqual({ path, rows: rows(expected, path) });
  });

  it('and nothing else: what is not finished or hidden is left alone', () => {
    expect([...found.keys()].sort()).toEqual([...expected.keys()].sort());
    expect(expected.size).toBeGreaterThan(80);
  });
});

it.each([
  ['columns by their order', { columns: ['sentiment', 'date', 'user', 'text'], header: 'no' }],
  ['a delimiter of its own', { delimiter: ';' }],
])('with %s every file is CSV, whatever its name', async (_, csv) => {
  const options = sourceOptions.parse({ format: 'csv', csv, max_line: maxLine });
  const found = await readBySpark(join(dir, 'csv'), options, {});
  const expected = await readLanding(join(dir, 'csv'), options, {});
  expect(found.size).toBe(2);
  for (const [path, rows] of expected) expect(found.get(path)!.map(comparable)).toEqual(rows.map(comparable));
});

it('plain JSON is read without Python', async () => {
  const interpreter = 'spark.sql.execution.pyspark.python';
  land('plain/a.ndjson', Buffer.from('{"text":"a"}\n{"text":"b"}\n'));
  land('plain/b.json', Buffer.from('[{"text":"c"}]'));
  const posts = await postsIn(join(dir, 'plain'), sourceOptions.parse({}), {});
  await spark.setConf({ [interpreter]: '/nowhere/python3' });
  try {
    expect(await spark.rows(posts)).toHaveLength(3);
    await expect(postsIn(join(dir, 'csv'), sourceOptions.parse({}), {})).rejects.toThrow('/nowhere/python3');
  } finally {
    await spark.unsetConf(interpreter);
  }
});
it('draws lines of every fate', async () => {
  const options = sourceOptions.parse({ max_line: maxLine });
  const landed = (await readLanding(join(dir, 'landing'), options, {})).get('plain.ndjson')!;
  const rules = new Set(landed.map(({ fate, rule }) => rule ?? fate));
  expect([...rules].sort()).toEqual(['bad_line', 'bad_record', 'dropped', 'line_too_long', null].sort());
  const sources = new Set(landed.map(({ row }) => row?.source));
  for (const source of ['file', 'twitter', 'x', 'mastodon', 'jetstream']) expect(sources).toContain(source);
});

function landedRow(row: SparkRow): LandedRow {
  const { __position, __fate, rule, reason, __source_file, raw, ...values } = row;
  if (raw !== null) JSON.parse(String(raw));
  return {
    position: Number(__position),
    fate: __fate as LandedRow['fate'],
    rule: rule as string | null,
    reason: reason as string | null,
    row: __fate === null ? values : null,
  };
}

/** Where broken JSON or Parquet is broken is the parser's own knowledge; order of keys and the writing of numbers say nothing. */
function comparable({ reason, row, ...rest }: LandedRow): unknown {
  const { processing_time, seq, _rescued_data, ...values } = row ?? {};
  return {
    ...rest,
    reason: reason?.replace(/^(broken JSON|not readable as Parquet).*/s, '$1') ?? null,
    row: row && {
      ...values,
      seq: seq === null ? null : String(seq),
      rescued: _rescued_data === null ? null : JSON.parse(String(_rescued_data)),
    },
  };
}
