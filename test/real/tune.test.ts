/**
 * Tuning on a real Spark: each of the five problems is planted in turn, found with its numbers, mended by `--apply`, and then gone.
 * The same job before and after, in turns, for three that a seed draws: exact ratios come from `npm run bench -- tune`.
 */
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SparkSession } from '../../src/engine/spark/connect/index.js';
import { openLake } from '../../src/index.js';
import { type Tuning, tune } from '../../src/operate/tune/tune.js';
import { call } from '../cli/call.js';
import { type BadlySet, badlySet, configure, makeTables, opened } from './setup/badly-set.js';
import { freePort, type RealSpark, startSparkServer } from './setup/spark-server.js';

const seed = Number(process.env.MURMUR_SEED ?? Date.now() % 100_000);
const timed = drawn(
  Object.keys(badlySet).filter((name) => badlySet[name]!.problem !== 'spill'),
  3,
);
console.log(`seed ${seed} (MURMUR_SEED): timed are ${timed.join('; ')}`);

let dir: string;
let tables: string;
let server: RealSpark;

beforeAll(async () => {
  dir = realpathSync(mkdtempSync(join(tmpdir(), 'murmur-real-tune-')));
  tables = join(dir, 'tables');
  mkdirSync(join(dir, 'landing'));
  server = await startSparkServer(dir, {
    'spark.ui.enabled': 'true',
    'spark.ui.port': String(await freePort()),
  });
  configure(dir, server.remote, {});
  await withLake(async (_, session) => makeTables(session, tables));
});
afterAll(async () => {
  await server?.stop();
  rmSync(dir, { recursive: true, force: true });
});

async function withLake<T>(
  work: (tuning: () => Promise<Tuning>, session: SparkSession) => Promise<T>,
): Promise<T> {
  const { lake, session } = await opened(dir);
  try {
    return await work(() => tune(lake), session);
  } finally {
    await session.close();
    await lake.close();
  }
}

/** A draw that the seed repeats. */
function drawn(names: readonly string[], count: number): string[] {
  const order = names.map((name, i) => ({ name, at: (seed * 7_919 + i * 104_729) % 10_007 }));
  return order
    .sort((a, b) => a.at - b.at)
    .slice(0, count)
    .map(({ name }) => name);
}

const problems = ({ findings }: Tuning) => [...new Set(findings.map(({ problem }) => problem))];

describe.each(Object.entries(badlySet))('%s', (name, bad) => {
  it('is found with its numbers, mended, and then gone', async () => {
    configure(dir, server.remote, bad.conf);
    await withLake(async (tuning, session) => {
      await bad.prepare?.(session, tables);
      await bad.job(session, tables, false);
      const found = await tuning();
      expect(problems(found)).toEqual([bad.problem]);
      expect(found.unseen.map(({ signal }) => signal)).toEqual(['batches']);
      checkNumber(found, bad);
    });

    const applied = await call(['-C', dir, 'tune', '--apply']);
    expect(applied).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^1 finding, [1-9] changes? made$/m),
    });
    expect(readFileSync(join(dir, 'murmur.yaml'), 'utf8')).toMatch(/^# written by hand\n/);

    await withLake(async (tuning, session) => {
      for (const [key, value] of Object.entries(bad.mended)) expect(await session.conf(key)).toBe(value);
      await bad.job(session, tables, false);
      expect((await tuning()).findings).toEqual([]);
      if (timed.includes(name)) await compare(name, bad, session);
    });
  });
});

function checkNumber({ findings }: Tuning, { number }: BadlySet): void {
  const value = findings[0]!.seen.find(({ what }) => what === number.what)?.value;
  expect(value).toBeGreaterThanOrEqual(number.atLeast ?? 0);
  expect(value).toBeLessThanOrEqual(number.atMost ?? Number.POSITIVE_INFINITY);
}

/** In turns, so that both have the same share of a busy machine. */
async function compare(name: string, bad: BadlySet, mended: SparkSession): Promise<void> {
  const { session, lake } = await opened(dir);
  try {
    await session.setConf(bad.conf);
    const took = { before: [] as number[], after: [] as number[] };
    for (let round = 0; round < 3; round++) {
      took.before.push(await msOf(() => bad.job(session, tables, true)));
      took.after.push(await msOf(() => bad.job(mended, tables, false)));
    }
    const before = median(took.before);
    const after = median(took.after);
    console.log(
      `${name}: ${before} ms before, ${after} ms after, ${(before / after).toFixed(1)} times as fast`,
    );
    expect(after).toBeLessThan(before);
  } finally {
    await session.close();
    await lake.close();
  }
}

async function msOf(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return Math.round(performance.now() - began);
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1]!;
}

describe('the streams of a lake', () => {
  let lake: string;
  beforeAll(() => {
    lake = join(dir, 'streams');
    mkdirSync(join(lake, 'landing'), { recursive: true });
  });

  function land(files: number): void {
    for (let file = 0; file < files; file++) {
      const post = { id_str: `${file}`, text: `great day @ann ${file}`, user: 'eve', date: '2026-01-01' };
      writeFileSync(join(lake, 'landing', `.${file}`), `${JSON.stringify(post)}\n`);
      renameSync(join(lake, 'landing', `.${file}`), join(lake, 'landing', `${file}.ndjson`));
    }
  }
  const settings = (more: string, spark = '') =>
    writeFileSync(
      join(lake, 'murmur.yaml'),
      `mlflow: off\n${more}engine: { spark: { remote: "${server.remote}"${spark} } }\n`,
    );

  it('take one file a batch: found in their progress, and nothing else in their stages', async () => {
    settings('streams: { bronze: { max_files: 1 } }\n');
    land(7);
    const open = await openLake(lake);
    await open.run({ until: 'idle' }).done;
    const tuning = await tune(open, { apply: true });
    await open.close();
    expect(tuning.findings).toMatchObject([
      {
        problem: 'backlog',
        where: 'bronze',
        remedies: [{ path: ['streams', 'bronze', 'max_files'], from: 1, to: 1_000 }],
      },
    ]);
    expect(tuning.unseen).toEqual([]);
  });

  it('are looked at as far as it goes where the UI cannot be read', async () => {
    const closed = `http://127.0.0.1:${await freePort()}`;
    settings('', `, ui: "${closed}"`);
    const { stdout, code } = await call(['-C', lake, 'tune']);
    expect(code).toBe(0);
    expect(stdout).toContain('all is well');
    expect(stdout).toContain(
      `not seen: stages (spill, skew, shuffle and serialization stay unknown: reading the Spark UI at ${closed}: ECONNREFUSED)`,
    );
  });
});
