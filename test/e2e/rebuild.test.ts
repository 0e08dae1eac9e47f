/** A changed option needs tables made anew: the old ones serve until then, whenever the process dies. */
import { appendFileSync, readdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { call, callJson } from '../cli/call.js';
import { landedTexts } from './landed.js';
import { killGroup, sqlRows, start, temporaryFolder } from './murmur.js';

const folder = temporaryFolder();
const lake = join(folder.dir, 'my-lake');
afterAll(folder.remove);

interface Counts {
  posts: number;
  rows: number;
  gold: number;
  application: number;
}

async function counts(): Promise<Counts> {
  const [found] = await sqlRows<Counts>(
    lake,
    `select (select count(distinct post_id) from silver) posts, (select count(*) from silver) as rows,
       (select count(*) from gold) gold,
       (select sum(positive + negative + neutral)::bigint from application) application`,
  );
  return found!;
}

/** Rows of silver by the rule "word": one a mention, one for a post without. */
function rowsByWord(): number {
  const mentions = landedTexts(lake).map((text) => [...text.matchAll(/@\w+/g)].length);
  return mentions.reduce((sum, n) => sum + Math.max(1, n), 0);
}

describe('a lake of 400 posts whose mention rule has changed', () => {
  let before: Counts;
  beforeAll(async () => {
    expect((await call(['init', lake, '--sample', '400'])).code).toBe(0);
    // Addresses are mentions by one rule and none by the other.
    const line = {
      id_str: 'word-1',
      text: 'write to ann@example.com or bob@example.org',
      user: 'u',
      date: '2026-01-01',
    };
    appendFileSync(join(lake, 'landing', 'mail.ndjson'), `${JSON.stringify(line)}\n`);
    appendFileSync(join(lake, 'murmur.yaml'), '\nmodel: lexicon\n');
    await callJson(['-C', lake, 'run', '--once']);
    before = await counts();
    appendFileSync(join(lake, 'murmur.yaml'), 'mentions: word\n');
  });

  it('is told what to do', async () => {
    const { code, stderr } = await call(['-C', lake, 'run', '--once']);
    expect(code).toBe(1);
    expect(stderr).toContain('murmur rebuild silver');
    expect(await counts()).toEqual(before);
  });

  it('holds the old tables or the new ones after every kill, and the new ones in the end', async () => {
    const wanted = rowsByWord();
    expect(wanted).not.toBe(before.rows);
    const after = { posts: before.posts, rows: wanted, gold: wanted, application: wanted };
    for (const delay of [600, 1_200, 1_800]) {
      const child = start(['-C', lake, 'rebuild', 'silver']);
      child.stdin!.end();
      child.stdout!.resume();
      child.stderr!.resume();
      await sleep(delay);
      await killGroup(child);
    }
    const { version } = await callJson<{ version: number }>(['-C', lake, 'table', 'count', 'silver']);
    const result = await callJson<{ streams: Record<string, Record<string, number>> }>([
      ...['-C', lake, 'rebuild', 'silver'],
    ]);
    expect(result.streams.silver!.version).toBeGreaterThan(version);
    expect(await counts()).toEqual(after);
    const again = await callJson<{ streams: Record<string, { batches: number }> }>([
      ...['-C', lake, 'run', '--once'],
    ]);
    expect(Object.values(again.streams).map(({ batches }) => batches)).toEqual([0, 0, 0, 0]);
    expect(await counts()).toEqual(after);
    expect((await call(['-C', lake, 'doctor'])).stdout).toContain('✔ checkpoint silver');
  });

  it('is not read anew without asking when files are gone', async () => {
    const [file] = readdirSync(join(lake, 'landing'));
    renameSync(join(lake, 'landing', file!), join(folder.dir, 'aside'));
    const { code, stderr } = await call(['-C', lake, 'rebuild', 'bronze']);
    expect(code).toBe(1);
    expect(stderr).toContain(file);
    expect(stderr).toContain('--yes');
    renameSync(join(folder.dir, 'aside'), join(lake, 'landing', file!));
  });

  it('is not rebuilt while a run is on', async () => {
    const run = start(['-C', lake, 'run', '--no-page']);
    run.stdin!.end();
    run.stdout!.resume();
    run.stderr!.resume();
    const running = () => callJson<{ running: boolean }>(['-C', lake, 'status']);
    while (!(await running()).running) await sleep(50);
    const { code, stderr } = await call(['-C', lake, 'rebuild', 'gold']);
    await killGroup(run);
    expect([code, stderr]).toEqual([1, expect.stringContaining('already runs this lake')]);
  });
});
