/** Kills a run at random moments, at once starts it again, and lets it finish in the end. */
import { setTimeout as sleep } from 'node:timers/promises';
import { killGroup, murmur, start } from './murmur.js';

/**
 * @param lake the lake's folder
 * @param delays milliseconds from each start to its kill, one an entry
 * @returns how many kills hit a process that was still at work
 */
export async function runWithKills(lake: string, delays: readonly number[]): Promise<number> {
  let hits = 0;
  for (const delay of delays) {
    const child = start(['-C', lake, 'run', '--once']);
    child.stdin!.end();
    child.stdout!.resume();
    child.stderr!.resume();
    await sleep(delay);
    if (child.exitCode === null) hits++;
    await killGroup(child);
  }
  const { code, stderr } = await murmur(['-C', lake, 'run', '--once']);
  if (code !== 0) throw new Error(`the last run ended with ${code}: ${stderr}`);
  return hits;
}

/** Numbers in [0, 1) that are the same for the same seed (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}
