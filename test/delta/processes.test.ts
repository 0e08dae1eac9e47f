import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { DeltaLog } from '../../src/delta/index.js';
import { LocalStorage } from '../../src/storage/local.js';
import { runTogether } from '../storage/child-processes.js';
import { createTable, numbersIn, testEnv } from './rows.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'murmur-delta-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

it('four processes append fifty times each: 200 contiguous versions, nothing lost', async () => {
  const storage = new LocalStorage(folder);
  await createTable(storage);
  const names = ['1', '2', '3', '4'];
  await runTogether(
    new URL('./appender.ts', import.meta.url),
    names.map((name) => [folder, name, '50']),
  );
  const { snapshot } = await DeltaLog.open(storage, testEnv());
  expect(snapshot.version).toBe(200);
  const expected = names.flatMap((name) => Array.from({ length: 50 }, (_, i) => Number(name) * 1000 + i));
  expect(await numbersIn(storage, snapshot)).toEqual(expected);
  const log = await readdir(join(folder, '_delta_log'));
  expect(log.filter((name) => /^\d{20}\.json$/.test(name))).toHaveLength(201);
  expect(log.filter((name) => name.endsWith('.tmp'))).toEqual([]);
  // Without its checkpoints the table is the same.
  for (const name of log.filter((n) => n.includes('checkpoint'))) await rm(join(folder, '_delta_log', name));
  const bare = await DeltaLog.open(storage, testEnv());
  expect(bare.snapshot.files).toHaveLength(200);
  expect(new Set(bare.snapshot.files.map((f) => f.path))).toEqual(new Set(snapshot.files.map((f) => f.path)));
});
