/** What was planned survives any crash: from the source's own segments as far as they go, from the log behind them. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Ledger } from '../../src/sources/files/ledger.js';
import type { InputRange, PlannedInput } from '../../src/sources/source.js';
import { MemoryStorage } from '../../src/storage/memory.js';

function range(path: string, line: number): InputRange {
  const from = { byte: 0, line: 0 };
  const to = { byte: line * 10, line, crc: line, tail: line };
  return { path, size: line * 10, mtimeMs: line + 0.5, format: 'ndjson', gzip: false, from, to, last: true };
}

const input = (...inputs: InputRange[]): PlannedInput => ({ inputs, records: inputs.length, bytes: 0 });

async function segments(state: MemoryStorage): Promise<string[]> {
  const found: string[] = [];
  for await (const { path } of state.list('')) found.push(path);
  return found;
}

/** A disk that dies at the nth write or deletion, before it. */
class DyingStorage extends MemoryStorage {
  left = Number.POSITIVE_INFINITY;

  override async put(path: string, bytes: Uint8Array): Promise<void> {
    if (this.left-- <= 0) throw new Error('died');
    await super.put(path, bytes);
  }

  override async delete(path: string): Promise<void> {
    if (this.left-- <= 0) throw new Error('died');
    await super.delete(path);
  }
}

describe('the ledger', () => {
  it('knows the newest range of every file after any sequence of batches, deaths and restarts', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(fc.nat(30), { maxLength: 4 }), { minLength: 1, maxLength: 150 }),
        fc.array(fc.record({ at: fc.nat(150), left: fc.nat(4) }), { maxLength: 5 }),
        async (batches, deaths) => {
          const state = new DyingStorage();
          const known = new Map<string, InputRange>();
          const log: PlannedInput[] = [];
          let ledger = await Ledger.open(state);
          for (const [batchId, files] of batches.entries()) {
            const planned = input(...files.map((file) => range(`f${file}`, batchId + 1)));
            for (const each of planned.inputs) known.set(each.path, each);
            log.push(planned);
            const death = deaths.find(({ at }) => at === batchId);
            if (death !== undefined) state.left = death.left;
            await ledger.planned(batchId, planned);
            if (state.left > 0) continue;
            state.left = Number.POSITIVE_INFINITY;
            ledger = await Ledger.open(state);
            for (let id = ledger.compactedTo + 1; id < log.length; id++)
              ledger.restore({ batchId: id, input: log[id]! });
            expect(ledger.files).toEqual(known);
          }
          ledger = await Ledger.open(state);
          expect(ledger.compactedTo).toBeGreaterThanOrEqual(log.length - 64);
          for (const [batchId, each] of log.entries()) ledger.restore({ batchId, input: each });
          expect(ledger.files).toEqual(known);
        },
      ),
      { numRuns: 100 },
    );
  });

  it('keeps few segments, and writes a file down a few times, not at every compaction', async () => {
    let written = 0;
    class CountingStorage extends MemoryStorage {
      override async put(path: string, bytes: Uint8Array): Promise<void> {
        written += Buffer.from(bytes).toString().split('\n').length - 2;
        await super.put(path, bytes);
      }
    }
    const state = new CountingStorage();
    const ledger = await Ledger.open(state);
    for (let batchId = 0; batchId < 4096; batchId++)
      await ledger.planned(batchId, input(range(`file-${batchId}`, 1)));
    expect((await segments(state)).length).toBeLessThan(10);
    expect(written).toBeLessThan(4096 * 10);
    expect((await Ledger.open(state)).files.size).toBe(4096);
  });

  it('takes the log instead of a segment that is damaged, and refuses when that is not enough', async () => {
    const state = new MemoryStorage();
    const ledger = await Ledger.open(state);
    for (let batchId = 0; batchId < 40; batchId++)
      await ledger.planned(batchId, input(range(`f${batchId}`, 1)));
    expect(ledger.compactedTo).toBe(31);
    for (const path of await segments(state)) {
      const text = Buffer.from(await state.read(path)).toString();
      await state.put(path, Buffer.from(text.slice(0, -30)));
    }
    const damaged = await Ledger.open(state);
    expect(damaged.compactedTo).toBe(-1);
    expect(() => damaged.restore({ batchId: 32, input: input() })).toThrow(
      expect.objectContaining({ code: 'source.state_gap', fault: 'user' }),
    );
    for (let batchId = 0; batchId < 40; batchId++)
      damaged.restore({ batchId, input: input(range(`f${batchId}`, 1)) });
    expect(damaged.files.size).toBe(40);
    await damaged.planned(40, input(range('f40', 1)));
    expect((await Ledger.open(state)).compactedTo).toBe(40);
  });

  it('can be opened while another process compacts', async () => {
    let reads = 0;
    class BusyStorage extends MemoryStorage {
      override async read(path: string): Promise<Uint8Array> {
        if (reads++ === 0) await working.planned(31, input(range('f31', 1)));
        return super.read(path);
      }
    }
    const state = new BusyStorage();
    const working = await Ledger.open(state);
    for (let batchId = 0; batchId < 31; batchId++)
      await working.planned(batchId, input(range(`f${batchId}`, 1)));
    // The segment that was listed is taken into another one before it is read.
    const opened = await Ledger.open(state);
    expect(reads).toBe(2);
    expect(opened.compactedTo).toBe(31);
    expect(opened.files).toEqual(working.files);
  });

  it('stops before the log has to hold too much, when its folder cannot be written', async () => {
    const state = new DyingStorage();
    state.left = 0;
    const ledger = await Ledger.open(state);
    for (let batchId = 0; batchId < 63; batchId++)
      await ledger.planned(batchId, input(range(`f${batchId}`, 1)));
    await expect(ledger.planned(63, input())).rejects.toMatchObject({ code: 'source.state_unwritable' });
    state.left = 1e9;
    await ledger.planned(64, input());
    expect(ledger.compactedTo).toBe(64);
  });
});
