/**
 * What has been planned of every file. The truth is the write-ahead log (`offsets/N`), which the engine keeps and hands
 * back at start; what this folder holds is only a compaction of it, so that the log need not be kept for ever. The order
 * is: `offsets/N` is durable, `planned(N)` counts it in memory, and now and then the batches since the last segment
 * become a new one. A crash at any place loses nothing: what is in no segment is still in the log, and a batch that is in
 * both is counted twice with the same result.
 *
 * A segment `seen/<first>-<last>` holds the newest range of every file that the batches first…last touched. Segments are
 * written atomically, follow one another without a gap, and a new one takes in its older neighbours as long as they are
 * not much larger than itself: so there are few of them, and a file is rewritten a few times, not at every compaction.
 * Neighbours taken in are deleted after that; one that a crash left behind is covered by a larger one and passed over.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { isMurmurError, MurmurError } from '../../base/errors.js';
import type { Storage } from '../../storage/storage.js';
import type { InputRange, PlannedBatch, PlannedInput } from '../source.js';

const folder = 'seen/';
const format = 1;
/** Batches that make a segment, and the most that may wait when segments cannot be written. */
const compactEvery = 16;
const uncompactedLimit = 64;
/** Listings of the folder that one opening takes while another process compacts. */
const mostLists = 5;

interface Segment {
  first: number;
  last: number;
  path: string;
  /** The files in it. */
  files: ReadonlySet<string>;
}

export class Ledger {
  /** The newest range of every file. */
  readonly files = new Map<string, InputRange>();
  readonly #segments: Segment[] = [];
  /** Segments that cannot be used. */
  #leftover: string[] = [];
  /** Files touched since the newest segment. */
  #touched = new Set<string>();
  #last = -1;

  private constructor(readonly state: Storage) {}

  static async open(state: Storage): Promise<Ledger> {
    const ledger = new Ledger(state);
    await ledger.#load();
    return ledger;
  }

  /** Writes down what the batches up to `last` read, in a folder that holds no notes yet: one range a file, its newest. */
  static async create(state: Storage, last: number, inputs: InputRange[]): Promise<void> {
    const ledger = new Ledger(state);
    ledger.#count(last, { inputs, records: 0, bytes: 0 });
    await ledger.#compact();
  }

  /** The last batch that the segments cover; -1 for none. */
  get compactedTo(): number {
    return this.#segments.at(-1)?.last ?? -1;
  }

  /** @throws source.state_gap */
  restore({ batchId, input }: PlannedBatch): void {
    if (batchId <= this.#last) return;
    if (batchId > this.#last + 1)
      throw new MurmurError(
        'source.state_gap',
        `batch ${this.#last + 1} is in neither ${this.state.root} nor the write-ahead log, which goes on with ${batchId}`,
        {
          fault: 'user',
          fix: 'put the checkpoint back from a copy, or let `murmur doctor --fix` make it from the table',
          context: { folder: this.state.root, missing: this.#last + 1, found: batchId },
        },
      );
    this.#count(batchId, input);
  }

  /** @throws source.state_unwritable */
  async planned(batchId: number, input: PlannedInput): Promise<void> {
    this.restore({ batchId, input });
    const waiting = this.#last - this.compactedTo;
    if (waiting < compactEvery) return;
    try {
      await this.#compact();
    } catch (cause) {
      if (waiting < uncompactedLimit) return;
      throw new MurmurError('source.state_unwritable', `writing what was read to ${this.state.root}`, {
        fault: 'external',
        fix: 'make the folder writable, or free some space',
        retry: 'backoff',
        cause,
        context: { folder: this.state.root },
      });
    }
  }

  #count(batchId: number, input: PlannedInput): void {
    for (const range of input.inputs) {
      this.files.set(range.path, range);
      this.#touched.add(range.path);
    }
    this.#last = batchId;
  }

  async #compact(): Promise<void> {
    const last = this.#last;
    let first = this.compactedTo + 1;
    const files = new Set(this.#touched);
    const taken: Segment[] = [];
    for (const segment of this.#segments.toReversed()) {
      if (segment.files.size > 2 * files.size) break;
      for (const file of segment.files) files.add(file);
      first = segment.first;
      taken.push(segment);
    }
    const path = `${folder}${name(first)}-${name(last)}`;
    await this.state.put(path, await this.#encode({ format, first, last, entries: files.size }, files));
    this.#segments.splice(this.#segments.length - taken.length, taken.length, { first, last, path, files });
    this.#touched = new Set();
    const useless = [...this.#leftover, ...taken.map((segment) => segment.path)];
    this.#leftover = [];
    // Best effort: what stays is passed over at the next start.
    for (const old of useless) if (old !== path) await this.state.delete(old).catch(() => {});
  }

  /** One line a file behind the head; the event loop goes on meanwhile. */
  async #encode(head: object, files: Iterable<string>): Promise<Uint8Array> {
    const parts: Buffer[] = [];
    let lines = [JSON.stringify(head)];
    for (const file of files) {
      lines.push(JSON.stringify(this.files.get(file)));
      if (lines.length < 2_000) continue;
      parts.push(Buffer.from(`${lines.join('\n')}\n`));
      lines = [];
      await nextTurn();
    }
    if (lines.length > 0) parts.push(Buffer.from(`${lines.join('\n')}\n`));
    return Buffer.concat(parts);
  }

  /**
   * Reads the unbroken chain of segments from the first batch on; behind a damaged one the log has to step in. A segment
   * that is gone was taken into a larger one just now, by the process at work: the folder is listed again.
   */
  async #load(): Promise<void> {
    for (let lists = 0; lists < mostLists; lists++) {
      this.#segments.length = 0;
      this.#leftover = [];
      this.files.clear();
      this.#last = -1;
      if (await this.#loadListed()) return;
    }
  }

  /** @returns false when a segment was gone */
  async #loadListed(): Promise<boolean> {
    for (const segment of await this.#list()) {
      let ranges: InputRange[] | undefined;
      if (segment.first === this.#last + 1)
        try {
          ranges = await readSegment(this.state, segment.path);
        } catch (e) {
          if (isMurmurError(e, 'storage.not_found')) return false;
        }
      if (ranges === undefined) {
        this.#leftover.push(segment.path);
        continue;
      }
      for (const range of ranges) this.files.set(range.path, range);
      this.#segments.push({ ...segment, files: new Set(ranges.map((range) => range.path)) });
      this.#last = segment.last;
    }
    return true;
  }

  /** Of segments that begin alike the longest comes first: it is the newest. */
  async #list(): Promise<Segment[]> {
    const found: Segment[] = [];
    for await (const { path } of this.state.list(folder)) {
      const parts = /^(\d+)-(\d+)$/.exec(path.slice(folder.length));
      if (parts) found.push({ first: Number(parts[1]), last: Number(parts[2]), path, files: new Set() });
    }
    return found.sort((a, b) => a.first - b.first || b.last - a.last);
  }
}

function name(batchId: number): string {
  return String(batchId).padStart(10, '0');
}

/** Rejects when the segment is not whole. */
async function readSegment(state: Storage, path: string): Promise<InputRange[]> {
  const text = new TextDecoder('utf-8', { fatal: true }).decode(await state.read(path));
  const [head, ...lines] = text.trimEnd().split('\n');
  const { format: found, entries } = JSON.parse(head!) as { format: number; entries: number };
  if (found !== format || entries !== lines.length) throw new Error(`${path} is not whole`);
  return lines.map((line) => JSON.parse(line) as InputRange);
}
