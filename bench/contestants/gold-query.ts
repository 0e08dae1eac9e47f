import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openLake } from '../../src/index.js';
import type { Contestant } from './contestant.js';

/**
 * The gold query of a lake: rows of silver in, a commit of scored rows out. Bronze and silver are made beforehand, so that
 * the time is gold's alone: from its first batch's plan to its last commit.
 */
export function goldQuery(threads: number): Contestant {
  return {
    name: 'gold',
    async run(texts) {
      const dir = mkdtempSync(join(tmpdir(), 'murmur-bench-'));
      try {
        land(dir, texts);
        await runOnce(dir, 'lexicon', threads);
        for (const name of ['gold', 'application']) {
          rmSync(join(dir, 'tables', name), { recursive: true });
          rmSync(join(dir, 'checkpoints', name), { recursive: true });
        }
        const { seconds, rows } = await runOnce(dir, 'bundled', threads);
        return { seconds, remark: `${rows} rows written` };
      } finally {
        rmSync(dir, { recursive: true, force: true });
      }
    },
  };
}

function land(dir: string, texts: readonly string[]): void {
  mkdirSync(join(dir, 'landing'));
  const lines = texts.map((text, i) => JSON.stringify({ id_str: String(i), text, date: '2026-01-01' }));
  writeFileSync(join(dir, 'landing', 'texts.ndjson'), `${lines.join('\n')}\n`);
}

async function runOnce(
  dir: string,
  model: string,
  threads: number,
): Promise<{ seconds: number; rows: number }> {
  const lake = await openLake({ dir, spec: { model, streams: { gold: { threads, cache: false } } } });
  const run = lake.run({ until: 'idle' });
  let begun = Number.POSITIVE_INFINITY;
  let ended = 0;
  let rows = 0;
  for await (const event of run.events) {
    if (event.type !== 'batch_committed' || event.stream !== 'gold') continue;
    const { started_at, list_ms, duration_ms, output_rows } = event.progress;
    begun = Math.min(begun, started_at + list_ms);
    ended = Math.max(ended, started_at + duration_ms);
    rows += output_rows;
  }
  await run.done;
  await lake.close();
  return { seconds: (ended - begun) / 1000, rows };
}
