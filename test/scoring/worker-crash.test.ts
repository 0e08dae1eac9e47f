/** Workers that die, are told to end, or lose their parent: real processes, real signals. */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { isMurmurError } from '../../src/base/errors.js';
import { loadBundle } from '../../src/scoring/bundle.js';
import { bundleFolder } from '../../src/scoring/bundle-folder.js';
import { OnnxScorer } from '../../src/scoring/onnx-scorer.js';
import { madeUpTexts } from './made-up-texts.js';

/** Workers have a low priority, and the machine may be busy. */
vi.setConfig({ testTimeout: 120_000 });

async function open(threads: number): Promise<OnnxScorer> {
  const scorer = new OnnxScorer(await loadBundle(await bundleFolder('bundled')), { threads, cache: false });
  onTestFinished(() => scorer.close());
  while (scorer.stats().loads < threads) await scorer.score(['hello']);
  return scorer;
}

afterEach(() => {
  delete process.env.MURMUR_TEST_POISON;
});

describe('a worker that dies', () => {
  it.each([1, 2])('is replaced and what it held is done again, with %i workers', async (threads) => {
    const texts = madeUpTexts(60);
    const scorer = await open(threads);
    const expected = await scorer.score(texts);
    const [victim] = scorer.pids;

    const running = scorer.score(texts);
    process.kill(victim!, 'SIGKILL');
    expect(await running).toEqual(expected);
    await until(() => scorer.stats().loads === threads + 1);
    expect(scorer.stats().restarts).toBe(1);
    expect(scorer.pids).not.toContain(victim);
  });

  it('while nothing is to do is replaced too', async () => {
    const scorer = await open(1);
    const [victim] = scorer.pids;
    process.kill(victim!, 'SIGKILL');
    await until(() => !scorer.pids.includes(victim!));
    expect(await scorer.score(['hello'])).toHaveLength(1);
  });

  it('twice of one batch is given up, and the scorer goes on', async () => {
    process.env.MURMUR_TEST_POISON = 'deadly nightshade';
    const scorer = await open(1);
    const texts = [...madeUpTexts(20), 'a deadly nightshade in the garden'];
    const e = await scorer.score(texts).catch((error: unknown) => error);
    expect(isMurmurError(e, 'scoring.crashed') && e).toMatchObject({ fault: 'external', retry: 'backoff' });
    expect(scorer.stats().restarts).toBe(2);
    expect(await scorer.score(madeUpTexts(20))).toHaveLength(20);
  });
});

describe('signals', () => {
  it.runIf(process.platform !== 'win32')('that a terminal sends to all do not stop a worker', async () => {
    const scorer = await open(1);
    const running = scorer.score(madeUpTexts(40));
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.kill(scorer.pids[0]!, signal);
    expect(await running).toHaveLength(40);
    expect(scorer.stats()).toMatchObject({ restarts: 0, loads: 1 });
  });
});

describe('the end of the parent', () => {
  it('by kill -9 in the middle of a batch ends its workers', async () => {
    const { child, lines } = startParent('busy');
    const pids = JSON.parse(await lines.next()) as number[];
    expect(pids).toHaveLength(2);
    expect(pids.every(isRunning)).toBe(true);
    child.kill('SIGKILL');
    await until(() => !pids.some(isRunning));
  });

  it('is not held up by a scorer that nobody closed', async () => {
    const { child, lines } = startParent('idle');
    const pids = JSON.parse(await lines.next()) as number[];
    expect(await new Promise((resolve) => child.on('exit', resolve))).toBe(0);
    await until(() => !pids.some(isRunning));
  });

  it('after close leaves no worker', async () => {
    const scorer = await open(2);
    await scorer.score(madeUpTexts(10));
    const { pids } = scorer;
    await scorer.close();
    expect(pids.filter(isRunning)).toEqual([]);
  });
});

function startParent(mode: 'busy' | 'idle'): { child: ChildProcess; lines: { next(): Promise<string> } } {
  const script = fileURLToPath(new URL('scoring-parent.ts', import.meta.url));
  const child = spawn(process.execPath, ['--import', 'tsx', script, mode], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  let text = '';
  child.stdout!.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
  });
  const next = async () => {
    await until(() => text.includes('\n') || child.exitCode !== null);
    return text.split('\n')[0]!;
  };
  return { child, lines: { next } };
}

/** A process that has ended but that nobody has waited for does not count. */
function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  const stat = `/proc/${pid}/stat`;
  return !existsSync(stat) || !/\) [ZX] /.test(readFileSync(stat, 'utf8'));
}

async function until(condition: () => boolean): Promise<void> {
  const deadline = Date.now() + 60_000;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error('waiting in vain');
    await sleep(10);
  }
}
