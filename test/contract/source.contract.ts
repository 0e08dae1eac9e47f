/** What every source must do. Each implementation runs this suite. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isMurmurError } from '../../src/base/errors.js';
import type { BatchLimits, PlannedBatch, PlannedInput, RawRecord, Source } from '../../src/sources/source.js';

/** A place at which posts arrive, and the sources on it. */
export interface SourcePlace {
  /** Makes one record arrive for each text, in order, in one piece and finished. */
  arrive(texts: readonly string[]): Promise<void>;
  /** Opens the source as a new process would: it knows what it has written down, and nothing else. */
  open(): Promise<Source>;
  close(): Promise<void>;
}

const limits: BatchLimits = { posts: 1000, bytes: 1e6, files: 1000 };

export function sourceContract(name: string, makePlace: () => Promise<SourcePlace>): void {
  describe(`${name} as a source`, () => {
    let place: SourcePlace;
    let source: Source;
    let log: string[];
    beforeEach(async () => {
      place = await makePlace();
      log = [];
      source = await reopened();
    });
    afterEach(async () => {
      await source.close();
      await place.close();
    });

    const logged = (from: number): PlannedBatch[] =>
      log
        .map((text, batchId) => ({ batchId, input: JSON.parse(text) as PlannedInput }))
        .filter(({ batchId }) => batchId >= from);

    async function reopened(): Promise<Source> {
      await source?.close();
      const opened = await place.open();
      await opened.restore(logged(opened.compactedTo + 1));
      return opened;
    }

    async function read(input: PlannedInput): Promise<RawRecord[]> {
      const records: RawRecord[] = [];
      for await (const chunk of source.read(input)) {
        expect(chunk.length).toBeGreaterThan(0);
        records.push(...chunk);
      }
      return records;
    }

    async function batch(change: Partial<BatchLimits> = {}): Promise<RawRecord[] | undefined> {
      const input = await source.plan({ ...limits, ...change });
      if (input === undefined) return undefined;
      log.push(JSON.stringify(input));
      await source.planned(log.length - 1, input);
      return read(input);
    }

    async function drain(change: Partial<BatchLimits> = {}): Promise<RawRecord[]> {
      const all: RawRecord[] = [];
      for (let got = await batch(change); got !== undefined; got = await batch(change)) all.push(...got);
      return all;
    }

    const texts = (records: readonly RawRecord[]) =>
      records.map((record) => ('fields' in record ? record.fields.text : record));
    const numbered = (count: number, from = 0) => Array.from({ length: count }, (_, i) => `text ${from + i}`);

    it('plans nothing where nothing is, and its backlog says so', async () => {
      expect(await source.plan(limits)).toBeUndefined();
      expect(source.state()).toEqual({ backlogFiles: 0, backlogBytes: 0, changedFiles: [] });
    });

    it('gives everything that arrived, in order, each with its place', async () => {
      await place.arrive(numbered(3));
      await place.arrive(numbered(2, 3));
      const records = await drain();
      expect(texts(records)).toEqual(numbered(5));
      const places = records.map((record) => `${record.source_file} ${record.position}`);
      expect(new Set(places).size).toBe(5);
      for (const record of records) expect(record.position).toBeGreaterThanOrEqual(1);
    });

    it('moves nothing by planning alone', async () => {
      await place.arrive(numbered(5));
      const first = await source.plan({ ...limits, posts: 2 });
      expect(await source.plan({ ...limits, posts: 2 })).toEqual(first);
      source = await reopened();
      expect(await source.plan({ ...limits, posts: 2 })).toEqual(first);
      expect(first!.records).toBe(2);
      expect(source.state().backlogFiles).toBeGreaterThan(0);
    });

    it('keeps to the limits, and loses nothing at the edges', async () => {
      for (let i = 0; i < 5; i++) await place.arrive(numbered(7, i * 7));
      const sizes: number[] = [];
      const all: RawRecord[] = [];
      for (let got = await batch({ posts: 4 }); got; got = await batch({ posts: 4 })) {
        sizes.push(got.length);
        all.push(...got);
      }
      expect(Math.max(...sizes)).toBeLessThanOrEqual(4);
      expect(texts(all)).toEqual(numbered(35));
    });

    it('takes one record at least, however few bytes it may take', async () => {
      await place.arrive(numbered(3));
      expect(texts((await batch({ bytes: 1 }))!)).toEqual(['text 0']);
      expect(texts(await drain({ bytes: 1 }))).toEqual(['text 1', 'text 2']);
    });

    it('plans an input that survives JSON and is read again the same, by any process', async () => {
      await place.arrive(numbered(20));
      const first = await drain({ posts: 6 });
      await place.arrive(numbered(5, 20));
      source = await reopened();
      const again: RawRecord[] = [];
      for (const { input } of logged(0)) again.push(...(await read(input)));
      expect(again).toEqual(first);
    });

    it('goes on behind the log after a restart, wherever the process died', async () => {
      await place.arrive(numbered(10));
      await batch({ posts: 3 });
      source = await reopened();
      const unread = (await source.plan({ ...limits, posts: 3 }))!;
      log.push(JSON.stringify(unread));
      source = await reopened();
      expect(texts(await read(JSON.parse(log.at(-1)!)))).toEqual(numbered(3, 3));
      expect(texts(await drain())).toEqual(numbered(4, 6));
    });

    it('needs of the log only what its own notes do not cover', async () => {
      await place.arrive(numbered(200));
      for (let i = 0; i < 50; i++) await batch({ posts: 1 });
      source = await reopened();
      expect(source.compactedTo).toBeGreaterThan(0);
      expect(source.compactedTo).toBeLessThan(50);
      expect(texts(await drain())).toEqual(numbered(150, 50));
    });

    it('counts a batch once, however often it is told of it', async () => {
      await place.arrive(numbered(4));
      await batch({ posts: 2 });
      await source.planned(0, logged(0)[0]!.input);
      await source.restore(logged(0));
      expect(texts(await drain())).toEqual(numbered(2, 2));
    });

    it('refuses a log with a gap', async () => {
      await place.arrive(numbered(4));
      for (let i = 0; i < 3; i++) await batch({ posts: 1 });
      const fresh = await place.open();
      try {
        const refused = await fresh.restore(logged(1)).catch((e) => e);
        expect(isMurmurError(refused, 'source.state_gap')).toBe(true);
        expect(refused.fix).toBeTruthy();
      } finally {
        await fresh.close();
      }
    });

    it('ends at its horizon', async () => {
      await place.arrive(numbered(3));
      const horizon = await source.horizon();
      await place.arrive(numbered(2, 3));
      const input = (await source.plan(limits, horizon))!;
      await source.planned(0, input);
      expect(texts(await read(input))).toEqual(numbered(3));
      expect(await source.plan(limits, horizon)).toBeUndefined();
      expect((await source.plan(limits))?.records).toBe(2);
    });

    it('gives a hint when something arrives, and none after the undo', async () => {
      let hints = 0;
      let wake = () => {};
      const hinted = new Promise<void>((resolve) => {
        wake = resolve;
      });
      const undo = source.watch(() => {
        hints++;
        wake();
      });
      await place.arrive(numbered(1));
      await hinted;
      undo();
      const seen = hints;
      await place.arrive(numbered(1));
      await source.plan(limits);
      expect(hints).toBe(seen);
    });

    it('stops reading when it is told to', async () => {
      await place.arrive(numbered(3));
      const input = (await source.plan(limits))!;
      const stop = new AbortController();
      stop.abort();
      await expect(source.read(input, stop.signal)[Symbol.asyncIterator]().next()).rejects.toThrow();
    });
  });
}
