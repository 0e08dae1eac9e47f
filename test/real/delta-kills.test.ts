/** kill -9 at every step that a fault point names: the table stays whole, and what is done next works. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { armFaultPoint, disarmFaultPoint } from '../../src/base/fault-point.js';
import { DuckDatabase } from '../../src/duck/index.js';
import { contents, copyTable, expectWhole, type Job, jobs, perform, prepare } from './jobs.js';

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
    const before = await contents(made, duck);
    for (const point of points) {
      const passages = await count(point, job, made);
      for (let passage = 1; passage <= passages; passage++) {
        const folder = copyTable(made, join(dir, `${name}-${point}-${passage}`));
        kill(folder, name, point, passage);
        killedAt.add(point);
        await expectWhole(folder, job, before, duck);
      }
    }
  });
});

it('every fault point of the Delta module has been a place to die', () => {
  expect(points.length).toBeGreaterThan(4);
  expect([...killedAt].sort()).toEqual([...new Set(points)].sort());
});

/** How often the job passes a point. */
async function count(point: string, job: Job, made: string): Promise<number> {
  const folder = copyTable(made, join(dir, 'count'));
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

function faultPointsIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .flatMap((name) => [...readFileSync(join(folder, name), 'utf8').matchAll(/faultPoint\(['"`]([^'"`]+)/g)])
    .map(([, point]) => point!);
}
