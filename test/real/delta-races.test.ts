/** Many processes on one local table: every commit once, in contiguous versions; of two that exclude each other one wins. */
import { cpSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DuckDatabase } from '../../src/duck/index.js';
import { column, DeltaTable, struct } from '../../src/table/index.js';
import { runTogether } from '../storage/child-processes.js';
import { numbersIn, prepare } from './jobs.js';
import { startDeltalake } from './readers.js';

const runner = new URL('./race-runner.ts', import.meta.url);

let dir: string;
let duck: DuckDatabase;
beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'murmur-races-'));
  duck = await DuckDatabase.open({ threads: 2 });
});
afterAll(async () => {
  await duck.close();
  rmSync(dir, { recursive: true, force: true });
});

async function newTable(name: string): Promise<string> {
  const folder = join(dir, name);
  const schema = struct(column('n', 'long'), column('p', 'string'));
  await (await DeltaTable.create(folder, { schema, duck })).close();
  return folder;
}

async function expectNumbers(folder: string, version: number, numbers: readonly number[]): Promise<void> {
  const table = await DeltaTable.open(folder, { duck });
  expect(table.version).toBe(version);
  expect(await numbersIn(table)).toEqual([...numbers].sort((a, b) => a - b));
  await table.close();
  const log = readdirSync(join(folder, '_delta_log'));
  expect(log.filter((name) => /^\d{20}\.json$/.test(name))).toHaveLength(version + 1);
  expect(log.filter((name) => name.endsWith('.tmp'))).toEqual([]);
}

const numbersOf = (name: number, commits: number) =>
  Array.from({ length: commits }, (_, i) => name * 100_000 + i);

it('eight processes append 250 times each: 2,000 contiguous versions, no row lost or twice', async () => {
  const folder = await newTable('many');
  const names = [1, 2, 3, 4, 5, 6, 7, 8];
  await runTogether(
    runner,
    names.map((name) => ['append', folder, String(name), '250']),
  );
  await expectNumbers(
    folder,
    2000,
    names.flatMap((name) => numbersOf(name, 250)),
  );
});

it('deltalake appends beside two of ours: nothing is lost, and it reads what we read', async () => {
  const folder = await newTable('beside');
  const deltalake = startDeltalake();
  const session = await duck.connect();
  const row = join(dir, 'row.parquet');
  await session.run(`COPY (SELECT 7::BIGINT AS n, 'python' AS p) TO '${row}' (FORMAT parquet)`);
  await Promise.all([
    deltalake.ask('appends', { table: folder, rows: row, times: 100 }),
    runTogether(
      runner,
      [1, 2].map((name) => ['append', folder, String(name), '100']),
    ),
  ]);
  const theirs = Array.from({ length: 100 }, () => 7);
  await expectNumbers(folder, 300, [...numbersOf(1, 100), ...numbersOf(2, 100), ...theirs]);
  const seen = join(dir, 'seen.parquet');
  await deltalake.ask('export', { table: folder, to: seen });
  const numbers = await session.rows<{ n: number }>(`SELECT n FROM '${seen}' ORDER BY n`);
  await expectNumbers(
    folder,
    300,
    numbers.map(({ n }) => Number(n)),
  );
  await session.close();
  await deltalake.stop();
});

describe('optimize and delete on the same files', () => {
  const rounds = 40;

  it('exclude each other: one wins, the other reports a conflict, the rows stay right', async () => {
    const folder = join(dir, 'rounds');
    await prepare({ appends: 4, run: async () => {} }, join(dir, 'prepared'), duck);
    for (let round = 0; round < rounds; round++)
      cpSync(join(dir, 'prepared'), join(folder, String(round)), { recursive: true });
    const [optimized, deleted] = await runTogether<string[]>(
      runner,
      ['optimize', 'delete'].map((what) => [what, folder, String(rounds)]),
    );
    const all = Array.from({ length: 40 }, (_, n) => n);
    for (let round = 0; round < rounds; round++) {
      const outcome = [optimized![round], deleted![round]];
      expect([
        ['optimized', 'conflict'],
        ['conflict', 'committed'],
      ]).toContainEqual(outcome);
      await expectNumbers(
        join(folder, String(round)),
        5,
        outcome[1] === 'conflict' ? all : all.filter((n) => n % 2 === 0),
      );
    }
    console.log(
      `delete won ${deleted!.filter((outcome) => outcome === 'committed').length} of ${rounds} rounds`,
    );
  });
});
