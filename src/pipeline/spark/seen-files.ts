/**
 * Which files of the landing place Spark's stream has taken, as the file source's own notes in its checkpoint tell: the name,
 * and when the file was changed last before it was listed. A name is taken once, whatever becomes of the file.
 */
import type { ChangedFile } from '../../engine/engine.js';
import type { Lake } from '../../lake/lake.js';
import { formatOfName } from '../../sources/files/names.js';
import type { PlannedBatch } from '../../sources/source.js';
import { sparkCheckpoints } from './checkpoints.js';
import { placesOf } from './connect-lake.js';

const folder = 'sources/0/';

export class SeenFiles {
  /** By path in the landing place: milliseconds since the epoch. */
  readonly #files = new Map<string, number>();
  /** The newest note that was read. */
  #upTo = -1;

  constructor(readonly lake: Lake) {}

  /** All files that are noted by now. @throws storage.* */
  async files(): Promise<ReadonlyMap<string, number>> {
    const notes = sparkCheckpoints(this.lake).at('bronze');
    for (const { name, batch } of await this.#unread()) {
      const [, ...lines] = Buffer.from(await notes.read(folder + name))
        .toString('utf8')
        .split('\n');
      for (const line of lines) this.#take(line);
      this.#upTo = Math.max(this.#upTo, batch);
    }
    return this.#files;
  }

  /** Those that are there and differ from what was listed: Spark does not look at them again. @throws storage.* */
  async changed(): Promise<ChangedFile[]> {
    const seen = await this.files();
    const changed: ChangedFile[] = [];
    if (seen.size === 0) return changed;
    for await (const { path, mtimeMs } of this.lake.landing.list('')) {
      const then = seen.get(path);
      if (then === undefined || isSameTime(mtimeMs, then)) continue;
      changed.push({ path, reason: 'it was changed after Spark had listed it, and is not read again' });
    }
    return changed;
  }

  /** Notes that are new, oldest first; what a compacted one repeats is left out. */
  async #unread(): Promise<{ name: string; batch: number }[]> {
    const found: { name: string; batch: number; isCompact: boolean }[] = [];
    for await (const { path } of sparkCheckpoints(this.lake).at('bronze').list(folder)) {
      const [name, batch, compact] = /^(\d+)(\.compact)?$/.exec(path.slice(folder.length)) ?? [];
      if (name !== undefined && Number(batch) > this.#upTo)
        found.push({ name, batch: Number(batch), isCompact: compact !== undefined });
    }
    const whole = Math.max(-1, ...found.filter(({ isCompact }) => isCompact).map(({ batch }) => batch));
    return found.filter(({ batch }) => batch >= whole).sort((a, b) => a.batch - b.batch);
  }

  #take(line: string): void {
    if (line === '') return;
    const { path, timestamp } = JSON.parse(line) as { path: string; timestamp: number };
    const root = `${placesOf(this.lake).landing}/`;
    const full = decodeURIComponent(path);
    this.#files.set(full.slice(full.indexOf(root) + root.length), timestamp);
  }
}

/** Spark knows whole milliseconds, of some stores whole seconds. */
function isSameTime(mtimeMs: number, timestamp: number): boolean {
  return Math.floor(mtimeMs) === timestamp || Math.floor(mtimeMs / 1000) * 1000 === timestamp;
}

/** One batch for all of them, in the form of the embedded engine's log. */
export async function* seenFiles(lake: Lake): AsyncIterable<PlannedBatch> {
  const inputs = [];
  for (const [path, timestamp] of await new SeenFiles(lake).files()) {
    const now = await lake.landing.stat(path);
    const size = now?.size ?? 0;
    const mtimeMs = now !== undefined && isSameTime(now.mtimeMs, timestamp) ? now.mtimeMs : timestamp;
    inputs.push({
      ...{ path, size, mtimeMs, format: 'ndjson' as const, ...formatOfName(path) },
      ...{ from: { byte: 0, line: 0 }, to: { byte: size, line: 0 }, last: true },
    });
  }
  if (inputs.length > 0) yield { batchId: 0, input: { inputs, records: 0, bytes: 0 } };
}
