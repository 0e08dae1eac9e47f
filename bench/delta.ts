/**
 * The Delta module beside delta-rs (Python's deltalake), on copies of the same tables, in alternating rounds of one run, each
 * command in a fresh process that has loaded its libraries: opening a table with 10,000 commits, and one with 100,000
 * files; a commit on it; appending 1,000 rows; joining 1,000 small files; Z-ordering 1,000,000 rows by mention.
 *
 *     npm run bench -- delta [ROUNDS]
 */
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DeltaLog, planScan } from '../src/delta/index.js';
import { DuckDatabase, DuckParquetHandler } from '../src/duck/index.js';
import { LocalStorage } from '../src/storage/local.js';
import { type DeltaContestant, deltaRs, murmur } from './contestants/delta-process.js';
import { empty, manyCommits, manyFiles, shuffled, smallFiles } from './contestants/delta-tables.js';

/** Bytes of a file of the table that is Z-ordered: 1,000,000 rows come to about 40 files. */
const zorderTarget = 400_000;

interface Measured {
  /** Milliseconds of the operation, or of each when there are several. */
  ms: number | number[];
  peak_mb?: number;
  commit_ms?: number[];
}

export default async function delta(args: string[]): Promise<void> {
  const rounds = Number(args[0] ?? 3);
  const dir = mkdtempSync(join(tmpdir(), 'murmur-bench-delta-'));
  try {
    const contestants = [murmur(), deltaRs()];
    const compare = (
      title: string,
      make: (folder: string) => Promise<void>,
      op: 'open' | 'append' | 'optimize' | 'zorder',
      options: object = {},
    ) => compareOn(dir, contestants, rounds, title, make, op, options);

    await compare('open, 10,000 commits', (to) => manyCommits(to, 10_000), 'open');
    await compare('open, 100,000 files', (to) => manyFiles(to, 100_000), 'open', { commits: 20 });
    await compare('append 1,000 rows', empty, 'append', { rows: 1_000, times: 50 });
    await compare('optimize 1,000 files of 1,000 rows', (to) => smallFiles(to, 1_000, 1_000), 'optimize');
    await compare('Z-order 1,000,000 rows by mention', (to) => shuffled(to, 1_000_000, 40), 'zorder', {
      column: 'mention',
      target: zorderTarget,
    });
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

async function compareOn(
  dir: string,
  contestants: readonly DeltaContestant[],
  rounds: number,
  title: string,
  make: (folder: string) => Promise<void>,
  op: 'open' | 'append' | 'optimize' | 'zorder',
  options: object,
): Promise<void> {
  const original = join(dir, 'original');
  await make(original);
  console.log(`\n${title}`);
  const before = op === 'zorder' ? await filesForOneMention(original) : undefined;
  const took = new Map<string, number[]>(contestants.map(({ name }) => [name, []]));
  const remarks = new Map<string, string>();
  for (let round = 0; round < rounds; round++) {
    for (const { name, run } of contestants) {
      const path = join(dir, `${name}-${round}`);
      cpSync(original, path, { recursive: true });
      const measured = await run<Measured>({ op, path, ...options });
      took.get(name)!.push(...[measured.ms].flat());
      const after = op === 'zorder' ? await filesForOneMention(path) : undefined;
      remarks.set(name, remark(measured, before, after));
      rmSync(path, { recursive: true });
    }
  }
  for (const [name, times] of took) {
    const best = Math.min(...times).toFixed(1);
    console.log(
      `  ${name.padEnd(9)} median ${median(times).toFixed(1)} ms, best ${best} ms${remarks.get(name)}`,
    );
  }
  const [ours, theirs] = [...took.values()].map(median);
  console.log(`  murmur takes ${(ours! / theirs!).toFixed(2)} of delta-rs's time`);
  rmSync(original, { recursive: true });
}

function remark({ peak_mb, commit_ms }: Measured, before?: string, after?: string): string {
  const remarks = [
    ...(peak_mb === undefined ? [] : [`peak ${peak_mb.toFixed(0)} MB`]),
    ...(commit_ms === undefined ? [] : [`a commit on it ${median(commit_ms).toFixed(1)} ms`]),
    ...(after === undefined ? [] : [`files read for one mention: ${before} before, ${after} after`]),
  ];
  return remarks.map((text) => `; ${text}`).join('');
}

/** Of a table's files, those that its statistics do not rule out, as the mean over some mentions. */
async function filesForOneMention(folder: string): Promise<string> {
  const duck = await DuckDatabase.open();
  try {
    const { snapshot } = await DeltaLog.open(new LocalStorage(folder), {
      parquet: new DuckParquetHandler(duck),
    });
    const mentions = ['user17', 'user1234', 'user5000', 'user777', 'user9999'];
    const files = mentions.map((value) => planScan(snapshot, [{ column: 'mention', op: '=', value }]).length);
    return `${files.reduce((sum, n) => sum + n, 0) / files.length} of ${snapshot.fileCount}`;
  } finally {
    await duck.close();
  }
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[sorted.length >> 1]!;
}
