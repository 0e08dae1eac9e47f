/** Files that changed after Spark had read them: found by the notes of its file source, and told once. */
import { appendFileSync, mkdirSync, mkdtempSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { systemClock } from '../../../src/base/clock.js';
import type { ChangedFile, QueryEvent } from '../../../src/engine/engine.js';
import { LiveStatus } from '../../../src/engine/query-status.js';
import { LandingWatch } from '../../../src/engine/spark/landing-watch.js';
import { Lake } from '../../../src/lake/lake.js';
import { SeenFiles } from '../../../src/pipeline/spark/seen-files.js';

let dir: string;
let lake: Lake;
let notes: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'murmur-seen-'));
  lake = new Lake({ dir });
  notes = join(lake.paths.checkpoints, 'bronze', 'sources', '0');
  mkdirSync(notes, { recursive: true });
  mkdirSync(lake.paths.landing);
});
afterEach(async () => {
  await lake.close();
  rmSync(dir, { recursive: true });
});

const at = (name: string) => join(lake.paths.landing, name);
function land(...names: string[]): void {
  for (const name of names) writeFileSync(at(name), '{"text":"a"}\n');
}

/** As Spark notes a batch: whole milliseconds, a URI. */
function note(name: string, ...files: string[]): void {
  const lines = files.map((file, i) => {
    const timestamp = Math.floor(statSync(at(file)).mtimeMs);
    return JSON.stringify({ path: pathToFileURL(at(file)).href, timestamp, batchId: i });
  });
  writeFileSync(join(notes, name), `v1\n${lines.join('\n')}`);
  writeFileSync(join(notes, `.${name}.crc`), Buffer.from([0, 255]));
}

function grow(name: string): void {
  appendFileSync(at(name), '{"text":"b"}\n');
  utimesSync(at(name), new Date(), new Date(Date.now() + 5_000));
}

it('a file that grew, or took the place of another, is found; one that is new or gone is not', async () => {
  land('a b.ndjson', 'c.ndjson', 'd.ndjson', 'e.ndjson', 'new.ndjson');
  note('0', 'a b.ndjson', 'c.ndjson');
  note('1', 'd.ndjson', 'e.ndjson');
  const seen = new SeenFiles(lake);
  expect(await seen.changed()).toEqual([]);
  grow('a b.ndjson');
  utimesSync(at('d.ndjson'), new Date(), new Date(2020, 1));
  rmSync(at('e.ndjson'));
  expect((await seen.changed()).map(({ path }) => path)).toEqual(['a b.ndjson', 'd.ndjson']);
});

it('notes are read as they come, compacted ones in the place of those that they repeat', async () => {
  land('a', 'b', 'c', 'd');
  note('8', 'a');
  const seen = new SeenFiles(lake);
  expect([...(await seen.files()).keys()]).toEqual(['a']);
  note('9.compact', 'a', 'b');
  note('10', 'c');
  expect([...(await seen.files()).keys()]).toEqual(['a', 'b', 'c']);
  rmSync(join(notes, '8'));
  writeFileSync(join(notes, '2'), 'what a compacted note repeats is not looked at');
  expect([...(await new SeenFiles(lake).files()).keys()]).toEqual(['a', 'b', 'c']);
});

it('each is told once, and stands in the status as long as it is so', async () => {
  const events: QueryEvent[] = [];
  const live = new LiveStatus('bronze', 'run', systemClock, (event) => events.push(event));
  let changed: ChangedFile[] = [{ path: 'a', reason: 'it was changed' }];
  const landing = { changedFiles: async () => changed, lookMs: 1 } as LandingWatch['landing'];
  const watch = new LandingWatch(landing, systemClock, live);
  await watch.look();
  await watch.look();
  expect(events).toMatchObject([{ type: 'file_changed', stream: 'bronze', path: 'a' }]);
  expect(live.value.changedFiles).toEqual(changed);
  changed = [];
  await watch.look();
  expect(live.value.changedFiles).toEqual([]);
  expect(events).toHaveLength(1);
});
