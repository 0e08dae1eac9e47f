/**
 * Files that land in a folder or bucket, as a source. A listing says what is there, the ledger what was planned of it, and
 * a batch is the difference, cut at record boundaries. `offsets/N` of the engine is the truth about what was planned; the
 * `sources/` folder is only a compaction of it (see `ledger.ts`).
 *
 * What must hold: a planned range read twice gives the same records, or one fault that says why not; a file that cannot
 * be read, shrank, or was rewritten is reported and stops nothing; nothing is read twice and nothing is skipped, whenever
 * the process dies.
 */
import { type Clock, systemClock } from '../../base/clock.js';
import type { Storage } from '../../storage/storage.js';
import { type SourceOptions, sourceOptions } from '../options.js';
import type {
  BatchLimits,
  InputRange,
  PlannedBatch,
  PlannedInput,
  RawRecord,
  Source,
  SourceHorizon,
  SourceState,
} from '../source.js';
import { type Assembly, assemble } from './assemble.js';
import { Backlog } from './backlog.js';
import {
  count,
  type Explanation,
  explain,
  head,
  type LandingCount,
  type LandingFile,
  landingFiles,
} from './inspect.js';
import { Ledger } from './ledger.js';
import { type Listing, StorageListing } from './listing.js';
import { LocalListing } from './local-listing.js';
import type { Reading } from './open-file.js';
import { type CountParquetRows, dropCopies, isCopied } from './parquet.js';
import { readInput } from './read-input.js';
import type { Slice } from './split.js';
import { LandingWatch } from './watch.js';

export interface FileSourceOptions {
  /** The landing place. */
  storage: Storage;
  /** `checkpoints/<query>/sources/`: the source's own folder. Nothing is written to it before `planned`. */
  state: Storage;
  /** Default: those of an empty murmur.yaml. */
  options?: SourceOptions;
  clock?: Clock;
  /** Rows of a Parquet file, from the engine; without it Parquet files cannot be planned. */
  countParquetRows?: CountParquetRows;
}

/** A `Source`, and what people ask of a landing place. */
export interface FileSource extends Source {
  /** Every file that is there, what is ignored included, by path. */
  ls(): Promise<LandingFile[]>;
  /** Files, bytes, and the records in all of them, read or not. */
  count(): Promise<LandingCount>;
  /** Why a file (path relative to the landing place) was read or not, and how far. */
  explain(path: string): Promise<Explanation>;
  /** The first `n` records, read or not, of the oldest files on; a Parquet file gives one record for its rows. */
  head(n: number): Promise<RawRecord[]>;
  /** As `head`, and at most a quarter of them from one file, so that several shapes are seen. */
  sample(n: number): Promise<RawRecord[]>;
}

/** Opens the files of a landing place as a source; the engine then calls `restore`. */
export async function openFileSource(options: FileSourceOptions): Promise<FileSource> {
  return new LandingSource(options, await Ledger.open(options.state));
}

/** Looks that one plan takes at files that are written to all the time. */
const mostLooks = 5;

class LandingSource implements FileSource {
  readonly #listing: Listing;
  readonly #backlog: Backlog;
  readonly #reading: Reading;
  readonly #clock: Clock;
  readonly #assembly: Assembly;
  readonly #watches = new Set<LandingWatch>();
  /** What the last plan cut, until it is read. */
  #fresh = new Map<string, Slice[]>();
  #mayHoldCopies = true;

  constructor(
    options: FileSourceOptions,
    readonly ledger: Ledger,
  ) {
    const { storage, state, clock = systemClock, countParquetRows } = options;
    this.#clock = clock;
    this.#listing =
      storage.kind === 'local' ? new LocalListing(storage.root, clock) : new StorageListing(storage, clock);
    this.#reading = { ...(options.options ?? sourceOptions.parse({})), storage, state, countParquetRows };
    this.#backlog = new Backlog(this.#listing, ledger, clock);
    this.#assembly = {
      reading: this.#reading,
      listing: this.#listing,
      ledger,
      backlog: this.#backlog,
      clock,
      cursors: new Map(),
    };
  }

  get idleLookMs(): number {
    return this.#listing.idleLookMs;
  }

  get compactedTo(): number {
    return this.ledger.compactedTo;
  }

  async restore(batches: Iterable<PlannedBatch> | AsyncIterable<PlannedBatch>): Promise<void> {
    for await (const batch of batches) this.ledger.restore(batch);
  }

  async plan(limits: BatchLimits, horizon?: SourceHorizon): Promise<PlannedInput | undefined> {
    for (let looks = 0; ; looks++) {
      await this.#look('quick');
      this.#fresh.clear();
      const assembled = await assemble(this.#assembly, limits, horizon);
      if (assembled === 'again' && looks < mostLooks) continue;
      const deadline = this.#backlog.nextDeadline(horizon);
      for (const watch of this.#watches) watch.expect(deadline);
      if (assembled !== undefined && assembled !== 'again') {
        for (const [range, slices] of assembled.slices) this.#fresh.set(keyOf(range), slices);
        return assembled.input;
      }
      if (horizon === undefined || deadline === undefined) return undefined;
      await this.#clock.sleep(Math.max(1, deadline - this.#clock.now()));
    }
  }

  async planned(batchId: number, input: PlannedInput): Promise<void> {
    await this.ledger.planned(batchId, input);
    for (const range of input.inputs) {
      const file = this.#listing.files.get(range.path);
      if (file !== undefined) this.#backlog.settle(file);
      if (isCopied(this.#reading, range)) this.#mayHoldCopies = true;
    }
    if (this.#mayHoldCopies) await this.#dropCopies(input);
  }

  async *read(input: PlannedInput, signal?: AbortSignal): AsyncGenerator<RawRecord[]> {
    const reading = {
      ...this.#reading,
      takeFresh: (range: InputRange) => {
        const slices = this.#fresh.get(keyOf(range));
        this.#fresh.delete(keyOf(range));
        return slices;
      },
      stat: (path: string) => this.#listing.stat(path),
      onChanged: (path: string, reason: string) => this.#backlog.markChanged(path, reason),
    };
    yield* readInput(reading, input, signal);
  }

  async horizon(): Promise<SourceHorizon> {
    await this.#look('full');
    const files = new Map<string, number>();
    for (const [path, { size }] of this.#listing.files) files.set(path, size);
    return { at: this.#clock.now(), files };
  }

  state(): SourceState {
    return this.#backlog.state();
  }

  watch(onHint: () => void): () => void {
    const watch = new LandingWatch(this.#listing, this.#clock, onHint);
    this.#watches.add(watch);
    return () => {
      watch.close();
      this.#watches.delete(watch);
    };
  }

  async close(): Promise<void> {
    for (const watch of this.#watches) watch.close();
    this.#watches.clear();
    for (const { cursor } of this.#assembly.cursors.values()) await cursor.close();
    this.#assembly.cursors.clear();
    this.#fresh.clear();
  }

  async ls(): Promise<LandingFile[]> {
    await this.#look('full');
    return landingFiles(this.#assembly);
  }

  async count(): Promise<LandingCount> {
    await this.#look('full');
    return count(this.#assembly);
  }

  async explain(path: string): Promise<Explanation> {
    await this.#look('full');
    return explain(path, this.#assembly);
  }

  async head(n: number): Promise<RawRecord[]> {
    await this.#look('full');
    return head(n, n, this.#assembly);
  }

  async sample(n: number): Promise<RawRecord[]> {
    await this.#look('full');
    const files = Math.max(1, Math.min(4, this.#listing.files.size));
    return head(n, Math.ceil(n / files), this.#assembly);
  }

  async #look(how: 'quick' | 'full'): Promise<void> {
    await this.#listing.refresh(how);
    this.#backlog.update();
    for (const watch of this.#watches) watch.follow();
  }

  /** The batches before this one are in the table: of the copies only those still being read are needed. */
  async #dropCopies(input: PlannedInput): Promise<void> {
    const needed = new Map(input.inputs.map((range) => [range.path, range]));
    for (const range of this.ledger.files.values())
      if (!range.last && !needed.has(range.path)) needed.set(range.path, range);
    const copied = [...needed.values()].filter((range) => isCopied(this.#reading, range));
    await dropCopies(this.#reading.state, copied);
    this.#mayHoldCopies = copied.length > 0;
  }
}

function keyOf({ path, from, to }: InputRange): string {
  return `${path}\n${from.byte}\n${to.byte}\n${to.crc}\n${from.line}\n${to.line}`;
}
