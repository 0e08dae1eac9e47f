/** kill -9 at every step that a fault point names: the table stays whole, and what is done next works. */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { armFaultPoint, disarmFaultPoint } from '../../src/base/fault-point.js';
import { DuckDatabase } from '../../src/duck/index.js';
import { DeltaTable } from '../../src/table/index.js';
import { append, type Job, jobs, numbersIn, perform, prepare } from './jobs.js';

const source = fileURLToPath(new URL('../../src', import.meta.url));
const points = ['delta', 'duck', 'storage', 'table'].flatMap((room) => faultPointsIn(join(source, room)));
const killedAt = new Set<string>();

let dir: string;
let duck: DuckDatabase;
beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'murmur-kills-'));
  duck = await DuckDatabase.open({ threads: 2 });
});
afterAll(async () => {
  await duck.close();
  rmSync(dir, { recursive: true, force: true });
});

describe.each(Object.entries(jobs))('%s', (name, job) => {
  it('survives a kill at every step', async () => {
    const made = join(dir, name);
    await prepare(job, made, duck);
    const before = await contents(made);
    for (const point of points) {
      const passages = await count(point, job, made);
      for (let passage = 1; passage <= passages; passage++) {
        const folder = copy(made, `${name}-${point}-${passage}`);
        kill(folder, name, point, passage);
        killedAt.add(point);
        await expectWhole(folder, job, before);
      }
    }
  });
});

it('every fault point of the Delta module has been a place to die', () => {
  expect(points.length).toBeGreaterThan(4);
  expect([...killedAt].sort()).toEqual([...new Set(points)].sort());
});

interface Contents {
  version: number;
  numbers: number[];
}

async function contents(folder: string): Promise<Contents> {
  const table = await DeltaTable.open(folder, { duck });
  try {
    return { version: table.version, numbers: await numbersIn(table) };
  } finally {
    await table.close();
  }
}

/** What was committed is there once, what was not is not; the job done again and an append after it work. */
async function expectWhole(folder: string, job: Job, before: Contents): Promise<void> {
  const after = job.after?.(before.numbers) ?? before.numbers;
  const left = await contents(folder);
  expect(left.numbers).toEqual(left.version > before.version ? after : before.numbers);
  if (left.version === before.version || job.after === undefined) await perform(job, folder, duck);
  expect((await contents(folder)).numbers).toEqual(after);
  const table = await DeltaTable.open(folder, { duck });
  await append(table, [5000]);
  await table.close();
  expect((await contents(folder)).numbers).toEqual([...after, 5000]);
}

/** How often the job passes a point. */
async function count(point: string, job: Job, made: string): Promise<number> {
  const folder = copy(made, 'count');
  let passages = 0;
  const pass = () => {
    passages++;
    armFaultPoint(point, pass);
  };
  armFaultPoint(point, pass);
  try {
    await perform(job, folder, duck);
  } finally {
    disarmFaultPoint();
    rmSync(folder, { recursive: true });
  }
  return passages;
}

function kill(folder: string, job: string, point: string, passage: number): void {
  const runner = fileURLToPath(new URL('./job-runner.ts', import.meta.url));
  const { signal, stderr } = spawnSync(
    process.execPath,
    ['--import', 'tsx', runner, folder, job, point, String(passage)],
    { encoding: 'utf8' },
  );
  expect(signal, stderr).toBe('SIGKILL');
}

function copy(made: string, name: string): string {
  const folder = join(dir, name.replaceAll(' ', '-'));
  cpSync(made, folder, { recursive: true, preserveTimestamps: true });
  return folder;
}

function faultPointsIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .flatMap((name) => [...readFileSync(join(folder, name), 'utf8').matchAll(/faultPoint\(['"`]([^'"`]+)/g)])
    .map(([, point]) => point!);
}
