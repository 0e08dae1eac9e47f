/**
 * From the rename into landing to the gold commit, at a set rate: one post a file, the pipeline running continuously.
 * `npm run bench -- latency [POSTS_PER_SECOND] [SECONDS]`
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { DeltaLog, decodePath } from '../src/delta/index.js';
import { commitPath } from '../src/delta/log-files.js';
import { DuckDatabase, DuckParquetHandler, quoteList } from '../src/duck/index.js';
import { openLake } from '../src/index.js';
import { generatePosts } from '../src/sources/collect/generator/generate.js';
import { LocalStorage } from '../src/storage/local.js';

const bin = fileURLToPath(new URL('../bin/murmur.js', import.meta.url));

/** Posts before the clock starts, so that the model is loaded. */
const warmUpPosts = 20;

export default async function latency(args: string[]): Promise<void> {
  const perSecond = Number(args[0] ?? 20);
  const seconds = Number(args[1] ?? 60);
  const dir = mkdtempSync(join(tmpdir(), 'murmur-latency-'));
  const lake = join(dir, 'lake');
  await command(['init', lake]);
  const run = spawn(process.execPath, [bin, '-C', lake, 'run', '--json'], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  try {
    await warmUp(lake);
    const landed = await land(lake, perSecond, seconds);
    const delays = await follow(lake, landed);
    report(delays, perSecond, seconds);
  } finally {
    run.kill('SIGINT');
    await new Promise((resolve) => run.on('exit', resolve));
    rmSync(dir, { recursive: true, force: true });
  }
}

/** Times in ms since the epoch at which each post's file was renamed into landing. */
async function land(lake: string, perSecond: number, seconds: number): Promise<Map<string, number>> {
  const landed = new Map<string, number>();
  const started = Date.now();
  let n = 0;
  for (const post of generatePosts({ seed: 3, count: perSecond * seconds, startAt: started })) {
    await sleep(Math.max(0, started + (n++ * 1000) / perSecond - Date.now()));
    landed.set(drop(lake, `bench-${n}`, post), Date.now());
  }
  return landed;
}

function drop(lake: string, id: string, post: object): string {
  const temporary = join(lake, `${id}.tmp`);
  writeFileSync(temporary, `${JSON.stringify({ ...post, id_str: id })}\n`);
  renameSync(temporary, join(lake, 'landing', `${id}.ndjson`));
  return id;
}

async function warmUp(lake: string): Promise<void> {
  for (let i = 0; i < warmUpPosts; i++)
    drop(lake, `warm-${i}`, { text: `warming up ${i} @ann`, user: 'bob' });
  await goldHolds(lake, warmUpPosts);
}

/** Waits until gold holds so many posts. */
async function goldHolds(lakeDir: string, posts: number): Promise<void> {
  const deadline = Date.now() + 120_000;
  const lake = await openLake(lakeDir);
  try {
    for (;;) {
      const { rows } = await lake.sql('select count(distinct post_id) n from gold');
      if (Number(rows[0]!.n) >= posts) return;
      if (Date.now() > deadline)
        throw new Error(`gold holds ${rows[0]!.n} of ${posts} posts after two minutes`);
      await sleep(500);
    }
  } finally {
    await lake.close();
  }
}

/** Milliseconds from rename to commit, one a post. */
async function follow(lakeDir: string, landed: Map<string, number>): Promise<number[]> {
  await goldHolds(lakeDir, landed.size + warmUpPosts);
  const gold = join(lakeDir, 'tables', 'gold');
  const duck = await DuckDatabase.open();
  try {
    const session = await duck.connect();
    const table = await DeltaLog.open(new LocalStorage(gold), { parquet: new DuckParquetHandler(duck) });
    const delays: number[] = [];
    for await (const { version, actions } of table.commits(1)) {
      // A commit file's inode changes for the last time when its temporary name is removed, right after the commit.
      const { ctimeMs } = statSync(join(gold, commitPath(version)));
      const files = actions.flatMap(({ add }) => (add?.dataChange ? [join(gold, decodePath(add.path))] : []));
      if (files.length === 0) continue;
      const posts = await session.rows<{ post_id: string }>(
        `SELECT DISTINCT post_id FROM read_parquet(${quoteList(files)})`,
      );
      for (const { post_id } of posts) {
        const at = landed.get(post_id);
        if (at !== undefined) delays.push(ctimeMs - at);
      }
    }
    return delays;
  } finally {
    await duck.close();
  }
}

function report(delays: number[], perSecond: number, seconds: number): void {
  delays.sort((a, b) => a - b);
  const at = (q: number) => delays[Math.min(delays.length - 1, Math.floor(q * delays.length))]!;
  console.log(
    `${delays.length} posts at ${perSecond} a second for ${seconds} s, from rename into landing to gold commit:`,
  );
  console.log(
    `median ${at(0.5).toFixed(0)} ms, p90 ${at(0.9).toFixed(0)} ms, p99 ${at(0.99).toFixed(0)} ms, slowest ${at(1).toFixed(0)} ms`,
  );
}

function command(args: string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [bin, ...args], { stdio: ['ignore', 'ignore', 'inherit'] });
    child.on('exit', (code) =>
      code === 0 ? resolve() : reject(new Error(`murmur ${args[0]} ended with ${code}`)),
    );
  });
}
