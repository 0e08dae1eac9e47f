/**
 * The same posts through both engines, one after the other: what each layer costs a post, and how large it is on disk. The
 * figures that docs/scale.md reckons with.
 *
 *     npm run bench -- engines [POSTS [REMOTE]]
 *
 * Without REMOTE (sc://…) a Spark of this machine's is installed under .cache/ and started for it.
 */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { openLake } from '../src/index.js';
import { generatePosts } from '../src/sources/collect/generator/generate.js';
import { startServer, stopServer } from '../src/spark-server/index.js';
import { sparkHome } from '../test/real/setup/spark.js';

/** Landed in so many files, so that Spark has work for each core. */
const files = 8;

export default async function engines(args: string[]): Promise<void> {
  const posts = Number(args[0] ?? 20_000);
  const dir = mkdtempSync(join(tmpdir(), 'murmur-engines-'));
  const server = args[1] === undefined ? join(dir, 'spark') : undefined;
  try {
    const remote = args[1] ?? (await startHere(server!));
    console.log(`${posts} posts, ${cpus().length} cores`);
    for (const [name, engine] of [
      ['embedded', 'embedded'],
      ['spark', `{ spark: { remote: "${remote}" } }`],
    ] as const) {
      // The first run of a server compiles and loads; the second is what a stream costs.
      if (name === 'spark') await throughLake(join(dir, 'warm'), engine, postLines(2_000));
      await report(name, await throughLake(join(dir, name), engine, postLines(posts)), posts);
    }
  } finally {
    if (server !== undefined) await stopServer(server);
    rmSync(dir, { recursive: true, force: true });
  }
}

async function startHere(folder: string): Promise<string> {
  const { server } = await startServer(
    folder,
    { cores: cpus().length, memory: '2g', port: 15_902, settings: { 'spark.ui.enabled': 'false' } },
    { env: process.env, install: sparkHome },
  );
  return server.remote;
}

async function throughLake(dir: string, engine: string, lines: readonly string[]): Promise<string> {
  mkdirSync(join(dir, 'landing'), { recursive: true });
  writeFileSync(join(dir, 'murmur.yaml'), `engine: ${engine}\n`);
  const each = Math.ceil(lines.length / files);
  for (let i = 0; i < files; i++)
    writeFileSync(
      join(dir, 'landing', `part-${i}.ndjson`),
      `${lines.slice(i * each, (i + 1) * each).join('\n')}\n`,
    );
  const lake = await openLake(dir);
  try {
    await lake.run({ until: 'idle' }).done;
  } finally {
    await lake.close();
  }
  return dir;
}

async function report(name: string, dir: string, posts: number): Promise<void> {
  const lake = await openLake(dir);
  try {
    const raw = Array.from(
      { length: files },
      (_, i) => statSync(join(dir, 'landing', `part-${i}.ndjson`)).size,
    );
    console.log(
      `${name}: landing ${perPost(
        raw.reduce((a, b) => a + b, 0),
        posts,
      )} bytes a post`,
    );
    const sizes = new Map((await lake.lake.tables()).map(({ table, bytes }) => [table, bytes ?? 0]));
    const { rows } = await lake.sql(
      `SELECT stream, sum(duration_ms) / 1000 AS seconds, count(*)::int AS batches FROM progress GROUP BY stream
       ORDER BY min(started_at)`,
    );
    for (const { stream, seconds, batches } of rows as { stream: string; seconds: number; batches: number }[])
      console.log(
        `${name}: ${stream.padEnd(11)} ${seconds.toFixed(1).padStart(6)} s in ${batches} batches, ` +
          `${Math.round(posts / seconds)} posts/s, ${perPost(sizes.get(stream) ?? 0, posts)} bytes a post`,
      );
  } finally {
    await lake.close();
  }
}

function perPost(bytes: number, posts: number): number {
  return Math.round(bytes / posts);
}

/** Real tweets where they are at hand, else made-up ones. */
function postLines(count: number): string[] {
  const real = fileURLToPath(new URL('../../shared/data/sentiment140-100k.ndjson.gz', import.meta.url));
  if (existsSync(real)) return gunzipSync(readFileSync(real)).toString().split('\n').slice(0, count);
  return [...generatePosts({ seed: 3, count, startAt: 0 })].map((post) => JSON.stringify(post));
}
