/**
 * The differential corpus: every named function says the same in its three voices (the TypeScript reference, DuckDB, Spark)
 * on the goldens and on thousands of texts, dates and labels that are hard to read.
 */
import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DuckDatabase } from '../../src/duck/database.js';
import type { DuckSession } from '../../src/duck/session.js';
import { connectSpark, type SparkRow, type SparkSession } from '../../src/engine/spark/connect/index.js';
import { cleanText } from '../../src/posts/clean-text.js';
import { type DuckFunctionOptions, duckFunctions } from '../../src/posts/functions.js';
import { defaultScheme, givenScheme, labelId } from '../../src/posts/labels.js';
import { mentionRules, mentions } from '../../src/posts/mentions.js';
import { parseTimestamp } from '../../src/posts/parse-timestamp.js';
import { sparkFunctions } from '../../src/posts/sql/spark.js';
import { defaultZones, zoneTable } from '../../src/posts/zones.js';
import { column, struct } from '../../src/schema/column-types.js';
import { golden, goldenFunctions } from '../posts/golden.js';
import { Draw, nastyDate, nastyLabel, nastyText } from './nasty-texts.js';
import { type RealSpark, startSparkServer } from './setup/spark-server.js';

const cases = 5_000;

interface Case {
  i: number;
  text: string | null;
  date: string | null;
  label: string | null;
}

const corpus = makeCorpus(Number(process.env.MURMUR_SEED ?? 20_090_406));

/** Lakes read alike in nothing but their columns. */
const lakes: Record<string, DuckFunctionOptions> = {
  twitter: { mentions: 'twitter', zones: defaultZones, neutralId: null },
  word: {
    mentions: 'word',
    zones: zoneTable({ CST: '+08:00', PDT: '-18:00', XYZ: '+00:30' }),
    neutralId: 2,
    labels: givenScheme({
      "it's ok": 'neutral',
      'back\\slash': 'positive',
      '$\x7bx}': 'negative',
      ΟΔΟΣ: 'positive',
      straße: 'negative',
      '4': 'neutral',
    }),
  },
  nonspace: { mentions: 'nonspace', zones: defaultZones, neutralId: 0 },
};

let dir: string;
let server: RealSpark;
let spark: SparkSession;
let database: DuckDatabase;
let duck: DuckSession;

beforeAll(async () => {
  dir = realpathSync(mkdtempSync(join(tmpdir(), 'murmur-real-spark-functions-')));
  server = await startSparkServer(dir);
  spark = await connectSpark(server.remote);
  const fields = [
    column('i', 'integer'),
    column('text', 'string'),
    column('date', 'string'),
    column('label', 'string'),
  ];
  await spark.view('corpus', await spark.local(fields, corpus as unknown as Record<string, unknown>[]));
  database = await DuckDatabase.open({ threads: 1 });
  duck = await database.connect();
  await duck.run('CREATE TABLE corpus (i INTEGER, "text" VARCHAR, "date" VARCHAR, label VARCHAR)');
  await duck.append(
    'corpus',
    struct(...fields),
    corpus.map(({ i, text, date, label }) => [i, text, date, label]),
  );
});
afterAll(async () => {
  await spark?.close();
  await server?.stop();
  await database?.close();
  rmSync(dir, { recursive: true, force: true });
});

interface Answer {
  i: number;
  micros: number | null;
  error: string | null;
  mentions: readonly unknown[] | null;
  cleaned: string | null;
  label: number | null;
}

describe.each(Object.keys(lakes))('in a lake of the kind %s', (name) => {
  const options = lakes[name]!;
  let expected: Answer[];
  beforeAll(async () => {
    expected = corpus.map((c) => referenceOf(c, options));
    for (const statement of sparkFunctions(options)) await spark.sql(statement);
    const { scalars, macros } = duckFunctions(options);
    for (const scalar of scalars) duck.register(scalar);
    for (const macro of macros) await duck.run(macro);
  });

  it('DuckDB says what the reference says', async () => {
    const rows = await duck.rows<Record<string, unknown>>(
      `SELECT i, epoch_us(parse_timestamp("date")) AS micros, timestamp_error("date") AS error, mentions("text") AS mentions,
         clean_text("text") AS cleaned, label_id(label) AS label FROM corpus ORDER BY i`,
    );
    expect(differences(rows.map(answerOf), expected)).toEqual([]);
  });

  it('Spark says what the reference says', async () => {
    const rows = await spark.rows(
      `SELECT i, unix_micros(parse_timestamp(date)) AS micros, timestamp_error(date) AS error, mentions(text) AS mentions,
         clean_text(text) AS cleaned, label_id(label) AS label FROM corpus ORDER BY i`,
    );
    expect(differences(rows.map(answerOf), expected)).toEqual([]);
  });
});

it('holds what it is made for', () => {
  const cleaned = corpus.map(({ text }) => (text === null ? '' : cleanText(text, 'twitter')));
  expect(corpus.length).toBeGreaterThan(cases);
  expect(cleaned.filter((text) => text.includes('\uFFFD')).length).toBeGreaterThan(50);
  for (const rule of mentionRules)
    expect(
      corpus.filter(({ text }) => text !== null && mentions(text, rule).length > 0).length,
    ).toBeGreaterThan(500);
  const dates = corpus.map(({ date }) => parseTimestamp(date, defaultZones));
  expect(dates.filter((instant) => 'micros' in instant).length).toBeGreaterThan(1_000);
  const reasons = new Set(dates.flatMap((instant) => ('error' in instant ? [instant.error] : [])));
  for (const reason of [
    'missing',
    'unknown form',
    'no such month',
    'no such day',
    'no such time',
    'no such offset',
    'out of range',
  ])
    expect(reasons).toContain(reason);
});

function makeCorpus(seed: number): Case[] {
  const d = new Draw(seed);
  const drawn = Array.from({ length: cases }, () => ({
    text: nastyText(d),
    date: nastyDate(d),
    label: nastyLabel(d),
  }));
  const recorded = goldenFunctions.flatMap((fn) =>
    golden(fn).flatMap((group) => group.cases.map((c) => c.in)),
  );
  const goldens = recorded.map((text) => ({ text, date: text, label: text }));
  return [...goldens, ...drawn].map((c, i) => ({ i, ...c }));
}

function referenceOf({ i, text, date, label }: Case, o: DuckFunctionOptions): Answer {
  const instant = parseTimestamp(date, o.zones);
  return {
    i,
    micros: 'micros' in instant ? Number(instant.micros) : null,
    error: 'error' in instant ? instant.error : null,
    mentions: text === null ? null : mentions(text, o.mentions),
    cleaned: text === null ? null : cleanText(text, o.mentions),
    label: labelId(label, o.labels ?? defaultScheme, o.neutralId),
  };
}

function answerOf(row: SparkRow | Record<string, unknown>): Answer {
  const answer = row as unknown as Answer;
  return { ...answer, micros: answer.micros === null ? null : Number(answer.micros) };
}

/** The first few cases in which two voices differ, with what they were asked. */
function differences(answers: readonly Answer[], expected: readonly Answer[]): unknown[] {
  expect(answers).toHaveLength(expected.length);
  const differing = answers.flatMap((answer, i) =>
    JSON.stringify(ordered(answer)) === JSON.stringify(ordered(expected[i]!))
      ? []
      : [{ asked: corpus[i], answer: ordered(answer), expected: ordered(expected[i]!) }],
  );
  return differing.slice(0, 5);
}

function ordered({ i, micros, error, mentions: found, cleaned, label }: Answer): unknown[] {
  return [i, micros, error, found, cleaned, label];
}
