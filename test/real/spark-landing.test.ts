/**
 * The landing place read by Spark: every line of every shape, sound or spoiled, gives the row, the fate and the reason that
 * the embedded engine gives.
 */
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  connectSpark,
  project,
  readPath,
  type SparkRow,
  type SparkSession,
  sqlRelation,
} from '../../src/engine/spark/connect/index.js';
import { landingSettings, landingViews } from '../../src/engine/spark/sql/landing/index.js';
import type { ColumnMapping } from '../../src/posts/canonical.js';
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

beforeAll(async () => {
  dir = realpathSync(mkdtempSync(join(tmpdir(), 'murmur-real-spark-landing-')));
  for (const [path, content] of Object.entries(files)) land(path, content);
  land('zipped.ndjson.gz', gzipSync(files['plain.ndjson']!));
  land('half.ndjson.tmp', Buffer.from('{"text":"not yet"}\n'));
  land('_hidden.ndjson', Buffer.from('{"text":"not for us"}\n'));
  land('table.csv', Buffer.from('text\nhello\n'));
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
  const file = join(dir, 'landing', path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, content);
}

describe.each(Object.keys(mappings))('with mapping: %s', (name) => {
  const mapping = mappings[name]!;
  const byFile = new Map<string, LandedRow[]>();
  beforeAll(async () => {
    const root = join(dir, 'landing');
    const read = readPath(root, {
      format: 'text',
      schema: 'value STRING',
      options: { wholetext: 'true', recursiveFileLookup: 'true' },
    });
    await spark.view('landed', project(read, ['value', '_metadata.file_path AS file_path']));
    const views = landingViews(
      { source: 'landed', root: `file://${root}/`, format: 'auto', maxLine, mapping },
      'landing',
    );
    for (const { name, select } of views) await spark.view(name, sqlRelation(select));
    const rows = await spark.rows(
      `SELECT * EXCEPT (__fault), __fault.rule, __fault.reason, __fault.raw FROM ${views.at(-1)!.name} ORDER BY __position`,
    );
    for (const row of rows) {
      const file = String(row.__source_file);
      byFile.set(file, [...(byFile.get(file) ?? []), landedRow(row)]);
    }
  });

  it.each(Object.keys(files))('%s is read as the embedded engine reads it', (path) => {
    const expected = readLanding(path, files[path]!, mapping, maxLine);
    expect((byFile.get(path) ?? []).map(comparable)).toEqual(expected.map(comparable));
  });

  it('a gzipped file gives what it holds', () => {
    const expected = readLanding('zipped.ndjson.gz', files['plain.ndjson']!, mapping, maxLine);
    expect((byFile.get('zipped.ndjson.gz') ?? []).map(comparable)).toEqual(expected.map(comparable));
  });

  it('what is not finished or hidden is left alone; another format is told of', () => {
    expect([...byFile.keys()].filter((file) => /tmp|hidden/.test(file))).toEqual([]);
    expect(byFile.get('table.csv')).toEqual([
      expect.objectContaining({
        fate: 'quarantined',
        rule: 'unreadable',
        reason: expect.stringContaining('NDJSON'),
      }),
    ]);
  });
});

it('draws lines of every fate', () => {
  const landed = readLanding('plain.ndjson', files['plain.ndjson']!, {}, maxLine);
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

/** Where broken JSON is broken is the parser's own knowledge; order of keys and the writing of numbers say nothing. */
function comparable({ reason, row, ...rest }: LandedRow): unknown {
  const { processing_time, seq, _rescued_data, ...values } = row ?? {};
  return {
    ...rest,
    reason: reason?.replace(/^broken JSON.*/s, 'broken JSON') ?? null,
    row: row && {
      ...values,
      seq: seq === null ? null : String(seq),
      rescued: _rescued_data === null ? null : JSON.parse(String(_rescued_data)),
    },
  };
}
