/** The lock of a lake, with real processes: whatever lies about, exactly one contender gets it. */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { claim, connectHolderOf, isAbandoned } from '../../src/base/claim.js';
import { ControlServer } from '../../src/lake/control-server.js';

const dir = mkdtempSync(join(tmpdir(), 'murmur-claim-'));
const script = fileURLToPath(new URL('contender.ts', import.meta.url));

class Contender {
  readonly process: ChildProcessWithoutNullStreams = spawn(process.execPath, ['--import', 'tsx', script]);
  readonly #gone = new Promise((resolve) => this.process.once('exit', resolve));
  readonly #answers: AsyncIterator<string>;
  readonly #lines: Interface;

  constructor() {
    this.process.stderr.pipe(process.stderr);
    this.#lines = createInterface({ input: this.process.stdout });
    this.#answers = this.#lines[Symbol.asyncIterator]();
  }

  async tryFor(base: string): Promise<string> {
    this.process.stdin.write(`${base}\n`);
    return (await this.#answers.next()).value;
  }

  kill(): Promise<unknown> {
    this.process.kill('SIGKILL');
    return this.#gone;
  }
}

let contenders: Contender[];
beforeAll(() => {
  contenders = [new Contender(), new Contender(), new Contender(), new Contender()];
});
afterAll(async () => {
  await Promise.all(contenders.map((contender) => contender.kill()));
  rmSync(dir, { recursive: true, force: true });
});

const pids = () => contenders.map((contender) => String(contender.process.pid));

async function race(base: string): Promise<void> {
  const answers = await Promise.all(contenders.map((contender) => contender.tryFor(base)));
  const winner = answers.indexOf('won');
  expect(winner, answers.join(', ')).toBeGreaterThanOrEqual(0);
  expect(answers.filter((_, i) => i !== winner)).toEqual(
    Array(contenders.length - 1).fill(`lost ${pids()[winner]}`),
  );
}

describe('of four processes exactly one gets the lake, and the others learn its pid', () => {
  it('when nobody had it before', async () => {
    for (let round = 0; round < 25; round++) await race(join(dir, `new-${round}`, 'control.sock'));
  });

  it('when its last holder was killed', async () => {
    const bases = Array.from({ length: 25 }, (_, round) => join(dir, `stale-${round}`, 'control.sock'));
    const victim = new Contender();
    for (const base of bases) expect(await victim.tryFor(base)).toBe('won');
    await victim.kill();
    for (const base of bases) {
      expect(await isAbandoned(base)).toBe(true);
      await race(base);
      expect(await isAbandoned(base)).toBe(false);
    }
  });
});

describe('a lake', () => {
  it('is refused while its holder lives, and free when it has let go', async () => {
    const base = join(dir, 'again', 'control.sock');
    for (let round = 1; round <= 3; round++) {
      const control = await ControlServer.claim(base);
      await expect(ControlServer.claim(base)).rejects.toMatchObject({
        code: 'lake.already_running',
        fault: 'user',
        message: expect.stringContaining(String(process.pid)),
      });
      await control.close();
      expect(await connectHolderOf(base)).toBeUndefined();
    }
    expect(readdirSync(join(dir, 'again'))).toEqual(['control.sock.3']);
  });

  it('is held by the highest name alone, whether or not the names below it are left', async () => {
    const base = join(dir, 'slow', 'control.sock');
    mkdirSync(join(dir, 'slow'));
    const first = await claim(base);
    if (first.outcome !== 'claimed') throw new Error('not claimed');
    await first.listener.drop();
    const second = await claim(base);
    if (second.outcome !== 'claimed') throw new Error('not claimed');
    rmSync(`${base}.1`, { force: true });
    expect(readdirSync(join(dir, 'slow'))).toEqual(['control.sock.2']);
    const third = await claim(base);
    expect(third.outcome).toBe('held');
    if (third.outcome === 'held') third.by.destroy();
    await second.listener.drop();
  });
});
