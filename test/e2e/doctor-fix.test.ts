/** A lake whose checkpoints are gone is mended, and goes on as if nothing had happened. */
import { cpSync, readdirSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { call, callJson } from '../cli/call.js';
import { landedTexts } from './landed.js';
import { countPosts } from './ledger.js';
import { temporaryFolder } from './murmur.js';
import { expectSoundLake } from './sound-lake.js';

const folder = temporaryFolder();
const lake = join(folder.dir, 'my-lake');
afterAll(folder.remove);

beforeAll(async () => {
  await call(['init', lake, '--sample', '400']);
  writeFileSync(join(lake, 'murmur.yaml'), 'model: lexicon\n');
  // Half of it lands later.
  const names = readdirSync(join(lake, 'landing'));
  for (const name of names.slice(0, names.length / 2))
    renameSync(join(lake, 'landing', name), join(folder.dir, name));
  await callJson(['-C', lake, 'run', '--once']);
});

it('nothing runs without checkpoints, and the fix that is told mends it', async () => {
  rmSync(join(lake, 'checkpoints'), { recursive: true });
  const { code, stderr } = await call(['-C', lake, 'run', '--once']);
  expect([code, stderr]).toEqual([2, expect.stringContaining('murmur doctor --fix')]);

  const dead = join(lake, 'tables', 'silver', '.0.tmp');
  writeFileSync(dead, '');
  utimesSync(dead, 0, 0);
  const fixed = await call(['-C', lake, 'doctor', '--fix']);
  expect(fixed.code).toBe(0);
  for (const what of ['temporary files', 'checkpoint bronze', 'checkpoint silver', 'checkpoint gold'])
    expect(fixed.stdout).toContain(`✔ ${what}: `);
  expect(fixed.stdout).toContain('all is well');
  expect(await callJson(['-C', lake, 'doctor', '--fix'])).toEqual({ mended: [], faults: [] });

  for (const name of readdirSync(folder.dir))
    if (name.endsWith('.ndjson')) cpSync(join(folder.dir, name), join(lake, 'landing', name));
  const texts = landedTexts(lake);
  await callJson(['-C', lake, 'run', '--once']);
  await expectSoundLake(lake, countPosts(texts));
});

it('what contradicts itself is refused, with what to do', async () => {
  renameSync(join(lake, 'checkpoints', 'gold'), join(folder.dir, 'gold'));
  cpSync(join(lake, 'checkpoints', 'silver'), join(lake, 'checkpoints', 'gold'), { recursive: true });
  const { code, stdout } = await call(['-C', lake, 'doctor', '--fix']);
  expect(code).toBe(1);
  expect(stdout).toContain('✖ checkpoint gold');
  expect(stdout).toContain('murmur rebuild gold');
});
