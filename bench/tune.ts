/**
 * What `murmur tune --apply` brings: jobs of the lake's kind on a real Spark with the settings that spoil them, and with those that
 * tuning proposes, in turns. A job on settings that are good already runs both ways too: there tuning must find nothing.
 *
 *     npm run bench -- tune [ROUNDS]
 */
import { mkdirSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SparkSession } from '../src/engine/spark/connect/index.js';
import { type Tuning, tune } from '../src/operate/tune/tune.js';
import { type BadlySet, badlySet, configure, makeTables, opened } from '../test/real/setup/badly-set.js';
import { freePort, startSparkServer } from '../test/real/setup/spark-server.js';

export default async function bench(args: string[]): Promise<void> {
  const rounds = Number(args[0] ?? 5);
  const dir = realpathSync(mkdtempSync(join(tmpdir(), 'murmur-bench-tune-')));
  const tables = join(dir, 'tables');
  mkdirSync(join(dir, 'landing'));
  const server = await startSparkServer(dir, {
    'spark.ui.enabled': 'true',
    'spark.ui.port': String(await freePort()),
  });
  try {
    configure(dir, server.remote, {});
    await withSession(dir, (session) => makeTables(session, tables));
    for (const [name, bad] of Object.entries(badlySet)) {
      configure(dir, server.remote, bad.conf);
      const found = await withSession(dir, async (session, tuning) => {
        await bad.prepare?.(session, tables);
        await bad.job(session, tables, false);
        return tuning(true);
      });
      await withSession(dir, (mended) => compare(name, bad, mended));
      console.log(`  found: ${found.findings.map(({ problem }) => problem).join(', ')}`);
    }
    configure(dir, server.remote, {});
    const good: BadlySet = { ...Object.values(badlySet)[0]!, conf: {} };
    const found = await withSession(dir, async (session, tuning) => {
      await compare('settings that are good', good, session);
      return tuning(true);
    });
    console.log(`  found: ${found.findings.map(({ problem }) => problem).join(', ') || 'nothing'}`);
  } finally {
    await server.stop();
    rmSync(dir, { recursive: true, force: true });
  }

  async function compare(name: string, bad: BadlySet, mended: SparkSession): Promise<void> {
    await withSession(dir, async (session) => {
      await session.setConf(bad.conf);
      const before: number[] = [];
      const after: number[] = [];
      for (let round = 0; round <= rounds; round++) {
        const times = [
          await msOf(() => bad.job(session, tables, true)),
          await msOf(() => bad.job(mended, tables, false)),
        ] as const;
        // The first round warms both up.
        if (round === 0) continue;
        before.push(times[0]);
        after.push(times[1]);
      }
      const [was, is] = [median(before), median(after)];
      console.log(`${name}: ${was} ms before, ${is} ms after, ${(was / is).toFixed(2)} times as fast`);
    });
  }
}

async function withSession<T>(
  dir: string,
  work: (session: SparkSession, tuning: (apply: boolean) => Promise<Tuning>) => Promise<T>,
): Promise<T> {
  const { lake, session } = await opened(dir);
  try {
    return await work(session, (apply) => tune(lake, { apply }));
  } finally {
    await session.close();
    await lake.close();
  }
}

async function msOf(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return Math.round(performance.now() - began);
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1]!;
}
