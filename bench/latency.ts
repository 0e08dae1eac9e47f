/**
 * From the rename into landing to the gold commit, at a set rate: one post a file, the pipeline running continuously. The end
 * of a post's way is the time stamp in the commitInfo of the gold commit that holds it.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { openLake } from '../src/index.js';
import { generatePosts } from '../src/sources/collect/generator/generate.js';

const bin = fileURLToPath(new URL('../bin/murmur.js', import.meta.url));

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
  for (let i = 0; i < 20; i++) drop(lake, `warm-${i}`, { text: `warming up ${i} @ann`, user: 'bob' });
  await goldHolds(lake, 20);
}

async function goldHolds(lakeDir: string, posts: number): Promise<void> {
  const deadline = Date.now() + 120_000;
  const lake = await openLake(lakeDir);
  try {
    for (;;) {
      const { rows } = await lake.sql('select count(distinct post_id) n from gold');
      if (Number(rows[0]!['n']) >= posts) return;
      if (Date.now() > deadline)
        throw new Error(`gold holds ${rows[0]!['n']} of ${posts} posts after two minutes`);
      await sleep(200);
    }
  } finally {
    await lake.close();
  }
}

/** Milliseconds from rename to commit, one a post. */
async function follow(lakeDir: string, landed: Map<string, number>): Promise<number[]> {
  await goldHolds(lakeDir, landed.size + 20);
  const lake = await openLake(lakeDir);
  try {
    const committed = await lake.table('gold').commitTimes();
    const { rows } = await lake.sql(
      "select post_id, min(epoch_ms(scored_at)) batch from gold where post_id like 'bench-%' group by post_id",
    );
    return rows.map((row) => {
      const at = committed.find((commit) => commit.batchTime === Number(row['batch']))!.timestamp;
      return at - landed.get(String(row['post_id']))!;
    });
  } finally {
    await lake.close();
  }
}

function report(delays: number[], perSecond: number, seconds: number): void {
  delays.sort((a, b) => a - b);
  const at = (q: number) => delays[Math.min(delays.length - 1, Math.floor(q * delays.length))]!;
  console.log(
    `${delays.length} posts at ${perSecond} a second for ${seconds} s, from rename into landing to gold commit:`,
  );
  console.log(`median ${at(0.5)} ms, p90 ${at(0.9)} ms, p99 ${at(0.99)} ms, slowest ${at(1)} ms`);
}

function command(args: string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [bin, ...args], { stdio: ['ignore', 'ignore', 'inherit'] });
    child.on('exit', (code) =>
      code === 0 ? resolve() : reject(new Error(`murmur ${args[0]} ended with ${code}`)),
    );
  });
}
