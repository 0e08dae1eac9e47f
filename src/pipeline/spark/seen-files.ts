/** Which files of the landing place Spark's stream has taken, as the file source's own notes in its checkpoint tell. */
import type { Lake } from '../../lake/lake.js';
import type { PlannedBatch } from '../../sources/source.js';
import { sparkCheckpoints } from './checkpoints.js';
import { placesOf } from './connect-lake.js';

interface SeenFile {
  path: string;
  /** Milliseconds since the epoch. */
  timestamp: number;
  batchId: number;
}

/** One batch for all of them, in the form of the embedded engine's log. */
export async function* seenFiles(lake: Lake): AsyncIterable<PlannedBatch> {
  const notes = sparkCheckpoints(lake).at('bronze');
  const seen = new Map<string, SeenFile>();
  for await (const { path } of notes.list('sources/0/')) {
    const [, ...lines] = Buffer.from(await notes.read(path))
      .toString('utf8')
      .split('\n');
    for (const line of lines) {
      const file = asSeen(line);
      if (file !== undefined) seen.set(file.path, file);
    }
  }
  const inputs = [];
  const root = `${placesOf(lake).landing}/`;
  for (const { path: uri, timestamp } of seen.values()) {
    const full = decodeURIComponent(uri);
    const path = full.slice(full.indexOf(root) + root.length);
    const now = await lake.landing.stat(path);
    const size = now?.size ?? 0;
    // Spark knows whole milliseconds.
    const mtimeMs = now !== undefined && Math.floor(now.mtimeMs) === timestamp ? now.mtimeMs : timestamp;
    inputs.push({
      ...{ path, size, mtimeMs, format: 'ndjson' as const, gzip: path.endsWith('.gz') },
      ...{ from: { byte: 0, line: 0 }, to: { byte: size, line: 0 }, last: true },
    });
  }
  if (inputs.length > 0) yield { batchId: 0, input: { inputs, records: 0, bytes: 0 } };
}

function asSeen(line: string): SeenFile | undefined {
  try {
    return JSON.parse(line) as SeenFile;
  } catch {
    return undefined;
  }
}
