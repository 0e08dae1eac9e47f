/** What is done to a table in the suites of crashes, races and full disks: each job, and the rows that it leaves. */
import { cpSync, readdirSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { column, DeltaTable, type DuckDatabase, type MurmurError, struct } from '../../src/table/index.js';

export interface Job {
  /** How the table is made before the job: rows 0, 1, 2, … in so many commits of ten. */
  appends: number;
  properties?: Record<string, string>;
  /** What else is done before. */
  before?(table: DeltaTable, folder: string): Promise<unknown>;
  run(table: DeltaTable): Promise<unknown>;
  /** The rows behind it; default: those before it. */
  after?(rows: number[]): number[];
}

const tenRows = (from: number) => Array.from({ length: 10 }, (_, i) => from + i);

export const jobs: Readonly<Record<string, Job>> = {
  append: {
    appends: 6,
    run: (table) => append(table, tenRows(1000)),
    after: (rows) => [...rows, ...tenRows(1000)],
  },
  checkpoint: {
    appends: 6,
    properties: { 'delta.checkpointInterval': '7' },
    run: (table) => append(table, tenRows(1000)),
    after: (rows) => [...rows, ...tenRows(1000)],
  },
  'log clean-up': {
    appends: 8,
    properties: { 'delta.checkpointInterval': '3', 'delta.logRetentionDuration': 'interval 2 days' },
    before: async (_, folder) => ageLog(folder, 10),
    run: (table) => append(table, tenRows(1000)),
    after: (rows) => [...rows, ...tenRows(1000)],
  },
  overwrite: {
    appends: 3,
    run: (table) =>
      table.overwrite(
        tenRows(0).map((n) => ({ n: n + 10 })),
        { where: 'n >= 10 AND n < 20' },
      ),
  },
  delete: {
    appends: 3,
    run: (table) => table.delete({ where: 'n % 3 = 1' }),
    after: (rows) => rows.filter((n) => n % 3 !== 1),
  },
  update: {
    appends: 3,
    run: (table) => table.update({ set: { n: 'n + 500' }, where: 'n % 10 = 7' }),
    after: (rows) => rows.map((n) => (n % 10 === 7 ? n + 500 : n)).sort((a, b) => a - b),
  },
  merge: {
    appends: 3,
    run: (table) =>
      table.merge({
        source: tenRows(25).map((n) => ({ n, p: 'merged' })),
        on: 'target.n = source.n',
        whenMatched: [{ where: 'target.n = 26', delete: true }, { update: 'all' }],
        whenNotMatched: [{ insert: 'all' }],
      }),
    after: (rows) => [...new Set([...rows, ...tenRows(25)])].filter((n) => n !== 26),
  },
  optimize: {
    appends: 6,
    run: (table) => table.optimize({ targetSize: 2 ** 27 }),
  },
  'optimize by Z-order': {
    appends: 4,
    run: (table) => table.optimize({ targetSize: 2 ** 27, zOrderBy: ['p', 'n'] }),
  },
  restore: {
    appends: 6,
    run: (table) => table.restore({ version: 3 }),
    after: (rows) => rows.slice(0, 30),
  },
  vacuum: {
    appends: 4,
    before: (table) => table.optimize({ targetSize: 2 ** 27 }),
    run: (table) => table.vacuum({ retainMs: 0, allowShorter: true }),
  },
};

/** Makes the job's table in a folder. */
export async function prepare(job: Job, folder: string, duck: DuckDatabase): Promise<void> {
  const schema = struct(column('n', 'long'), column('p', 'string'));
  const table = await DeltaTable.create(folder, { schema, properties: job.properties ?? {}, duck });
  for (let i = 0; i < job.appends; i++) await append(table, tenRows(i * 10));
  await job.before?.(table, folder);
  await table.close();
}

/** Runs the job to its very end, its checkpoint included. */
export async function perform(
  job: Job,
  folder: string,
  duck: DuckDatabase,
  onWarning: (warning: MurmurError) => void = () => {},
): Promise<unknown> {
  const table = await DeltaTable.open(folder, { duck, onWarning });
  try {
    return await job.run(table);
  } finally {
    await table.close();
  }
}

export async function append(table: DeltaTable, numbers: readonly number[]): Promise<void> {
  await table.append(numbers.map((n) => ({ n, p: n % 3 === 0 ? null : `text ${n}` })));
}

/** All values of `n`, in order. */
export async function numbersIn(table: DeltaTable): Promise<number[]> {
  const numbers: number[] = [];
  for await (const row of table.rows({ columns: ['n'] })) numbers.push(Number(row.n));
  return numbers.sort((a, b) => a - b);
}

/** What a reader sees of a table. */
export interface Contents {
  version: number;
  numbers: number[];
}

export async function contents(folder: string, duck: DuckDatabase): Promise<Contents> {
  const table = await DeltaTable.open(folder, { duck });
  try {
    return { version: table.version, numbers: await numbersIn(table) };
  } finally {
    await table.close();
  }
}

/**
 * What a job that was cut off leaves: what was committed is there once, what was not is not; the job done again and an append
 * after it work.
 */
export async function expectWhole(
  folder: string,
  job: Job,
  before: Contents,
  duck: DuckDatabase,
): Promise<void> {
  const after = job.after?.(before.numbers) ?? before.numbers;
  const left = await contents(folder, duck);
  expect(left.numbers).toEqual(left.version > before.version ? after : before.numbers);
  if (left.version === before.version || job.after === undefined) await perform(job, folder, duck);
  expect((await contents(folder, duck)).numbers).toEqual(after);
  const table = await DeltaTable.open(folder, { duck });
  await append(table, [5000]);
  await table.close();
  expect((await contents(folder, duck)).numbers).toEqual([...after, 5000]);
}

/** A copy with the same times, which is what vacuum and clean-up go by. */
export function copyTable(from: string, to: string): string {
  cpSync(from, to, { recursive: true, preserveTimestamps: true });
  return to;
}

/** Lets a log look as if all of it had been written so many days ago. */
function ageLog(folder: string, days: number): void {
  const log = join(folder, '_delta_log');
  for (const name of readdirSync(log)) {
    const then = new Date(Date.now() - days * 86_400_000);
    utimesSync(join(log, name), then, then);
  }
}
