/** A landing folder with a source on it, and the part of an engine that a source needs: a write-ahead log. */
import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Clock } from '../../src/base/clock.js';
import {
  type FileSource,
  type FileSourceOptions,
  openFileSource,
} from '../../src/sources/files/file-source.js';
import { type SourceOptions, sourceOptions } from '../../src/sources/options.js';
import type {
  BatchLimits,
  PlannedBatch,
  PlannedInput,
  RawRecord,
  SourceHorizon,
} from '../../src/sources/source.js';
import { LocalStorage } from '../../src/storage/local.js';
import type { Storage } from '../../src/storage/storage.js';

/** Limits that no test reaches. */
export const noLimits: BatchLimits = { posts: 1e6, bytes: 1e9, files: 1e6 };

/** Stands still but for what is slept, so that no test depends on how fast it runs. */
export class TestClock implements Clock {
  #now = Date.now();

  now(): number {
    return this.#now;
  }

  async sleep(ms: number): Promise<void> {
    this.#now += ms;
    await nextTurn();
  }

  /** Everything that is there now has stood still after this. */
  settle(): void {
    this.#now += 60_000;
  }
}

export class LandingFixture {
  readonly dir = mkdtempSync(join(tmpdir(), 'murmur-landing-'));
  readonly clock = new TestClock();
  /** `offsets/N`, as text like on disk. */
  readonly log: string[] = [];
  readonly landing = new LocalStorage(join(this.dir, 'landing'));
  readonly state = new LocalStorage(join(this.dir, 'sources'));
  source!: FileSource;

  private constructor(
    readonly options: Partial<FileSourceOptions>,
    readonly storage: (landing: LocalStorage) => Storage,
  ) {
    mkdirSync(this.landing.root);
  }

  static async open(
    options: Partial<SourceOptions> = {},
    more: Partial<FileSourceOptions> = {},
    storage: (landing: LocalStorage) => Storage = (landing) => landing,
  ): Promise<LandingFixture> {
    const spec = { ...sourceOptions.parse({}), ...options };
    const fixture = new LandingFixture({ options: spec, ...more }, storage);
    await fixture.reopen();
    return fixture;
  }

  path(name: string): string {
    return join(this.landing.root, name);
  }

  /** Writes a file that counts as standing still. */
  land(name: string, content: string | Uint8Array, mtime = new Date('2024-01-01T00:00:00Z')): void {
    mkdirSync(dirname(this.path(name)), { recursive: true });
    writeFileSync(this.path(name), content);
    utimesSync(this.path(name), mtime, mtime);
  }

  /** A new process: what was not in the log or the source's folder is forgotten. */
  async reopen(): Promise<void> {
    await this.source?.close();
    const { state, clock } = this;
    this.source = await openFileSource({
      storage: this.storage(this.landing),
      state,
      clock,
      ...this.options,
    });
    await this.source.restore(this.batches(this.source.compactedTo + 1));
  }

  batches(from = 0): PlannedBatch[] {
    return this.log
      .slice(from)
      .map((text, i) => ({ batchId: from + i, input: JSON.parse(text) as PlannedInput }));
  }

  /** One batch, from plan to records; undefined when there is nothing. */
  async batch(limits: Partial<BatchLimits> = {}, horizon?: SourceHorizon): Promise<RawRecord[] | undefined> {
    const input = await this.source.plan({ ...noLimits, ...limits }, horizon);
    if (input === undefined) return undefined;
    this.log.push(JSON.stringify(input));
    await this.source.planned(this.log.length - 1, input);
    return this.read(input);
  }

  /** All that can be had now. */
  async drain(limits: Partial<BatchLimits> = {}): Promise<RawRecord[]> {
    const records: RawRecord[] = [];
    for (let got = await this.batch(limits); got !== undefined; got = await this.batch(limits))
      for (const record of got) records.push(record);
    return records;
  }

  async read(input: PlannedInput): Promise<RawRecord[]> {
    const records: RawRecord[] = [];
    for await (const chunk of this.source.read(input)) for (const record of chunk) records.push(record);
    return records;
  }

  async close(): Promise<void> {
    await this.source.close();
    rmSync(this.dir, { recursive: true, force: true });
  }
}

/** `file:position` and the value of a field, or the rule of the fault. */
export function brief(records: readonly RawRecord[], field = 'text'): string[] {
  return records.map((record) => {
    const place = `${record.source_file}:${record.position}`;
    if ('fields' in record) return `${place} ${String(record.fields[field])}`;
    if ('fault' in record) return `${place} !${record.fault.rule}`;
    return `${place} rows ${record.parquet.fromRow}-${record.parquet.toRow}`;
  });
}

export const lines = (...all: (string | object)[]): string =>
  all.map((line) => `${typeof line === 'string' ? line : JSON.stringify(line)}\n`).join('');
