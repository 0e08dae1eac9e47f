/**
 * Mends what a crash or a lost disk left of a lake, from what is there and nothing else: it tells what it found, what it did,
 * and what it had to believe; where the evidence contradicts itself it changes nothing and says what to do.
 */
import { type Dirent, readdirSync, rmSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { systemClock } from '../base/clock.js';
import { settleRebuild } from '../engine/embedded/rebuild/rebuild.js';
import { type Mended, mendCheckpoint } from '../engine/embedded/recovery/mend.js';
import { ControlServer } from '../lake/control-server.js';
import type { Lake } from '../lake/lake.js';
import { openCareContext } from '../pipeline/engine-context.js';
import type { OpenLake } from '../pipeline/open.js';
import { definePipelineQueries } from '../pipeline/queries.js';
import { Resources } from '../pipeline/resources.js';
import { checkSpark } from './doctor-spark.js';

export interface Mending {
  /** `checkpoint silver`, `rebuild`, `sockets`, `temporary files`. */
  what: string;
  found: string;
  /** What was done about it; null where nothing could be. */
  done: string | null;
  /** What had to be believed, for nothing proves it. */
  assumed: string | null;
  /** What is left to do, where nothing was done. */
  fix: string | null;
}

/** Leftovers younger than this may be somebody's work under way. Milliseconds. */
const leftoverAfterMs = 60 * 60_000;

/**
 * Mends a lake that nothing runs on.
 * @returns what was wrong; empty when nothing was
 * @throws lake.already_running (user)
 */
export async function fixLake(open: OpenLake): Promise<Mending[]> {
  const { lake, spec, rules, clock = systemClock } = open;
  const opened = new Resources();
  try {
    const socketsBefore = sockets(lake);
    opened.add(await ControlServer.claim(lake.paths.socket));
    const found: Mending[] = [];
    // One name stays for good, so that no two can take the same number.
    const removed = socketsBefore - Math.max(1, sockets(lake));
    if (removed > 0)
      found.push(mending('sockets', `${removed} of runs that have died`, `removed ${removed}`));
    found.push(...removeLeftovers(lake, clock.now()));
    if (spec.engine !== 'embedded') return [...found, ...(await leftToDo(open))];
    const context = await openCareContext(lake, spec, clock, opened);
    const rebuild = await settleRebuild(context);
    if (rebuild === 'finished')
      found.push(mending('rebuild', 'decided, and not finished', 'put the new tables in place'));
    if (rebuild === 'discarded')
      found.push(mending('rebuild', 'not finished', 'cleared away; the tables are the old ones'));
    for (const query of definePipelineQueries(spec, 'idle', rules)) {
      const mended = await mendCheckpoint(context, query);
      if (mended.outcome !== 'nothing to do') found.push(checkpointMending(query.name, mended));
    }
    return found;
  } finally {
    await opened.close();
  }
}

/** How far a stream of Spark's has read stands in its checkpoint alone, so nothing of it can be made again from the tables. */
async function leftToDo(open: OpenLake): Promise<Mending[]> {
  const wrong = (await checkSpark(open)).filter(({ ok }) => !ok);
  return wrong.map(({ check, detail, fix }) => ({
    what: check,
    found: detail,
    done: null,
    assumed: null,
    fix,
  }));
}

function checkpointMending(stream: string, mended: Exclude<Mended, { outcome: 'nothing to do' }>): Mending {
  const what = `checkpoint ${stream}`;
  if (mended.outcome === 'refused') {
    const { message, fix } = mended.error;
    return { what, found: message, done: null, assumed: null, fix: fix ?? null };
  }
  const { found, batchId, aside, quarantineRows, assumed, gone } = mended;
  const done = [
    batchId === undefined
      ? 'made again: no batch is in the table'
      : `made again from the table, up to batch ${batchId}`,
    ...(aside === undefined ? [] : [`what was left of it is in ${aside}`]),
    ...(quarantineRows === 0
      ? []
      : [`${quarantineRows} rows of a batch that never came to be taken back from quarantine`]),
  ];
  const believed = [
    ...(assumed.length === 0 ? [] : [`read to the end, since the log is younger: ${named(assumed)}`]),
    ...(gone.length === 0 ? [] : [`no longer there, so nothing is known of them: ${named(gone)}`]),
  ];
  return { ...mending(what, found, done.join('; ')), assumed: believed.join('; ') || null };
}

function named(files: readonly string[]): string {
  const more = files.length > 5 ? ', …' : '';
  return `${files.length} files (${files.slice(0, 5).join(', ')}${more})`;
}

function mending(what: string, found: string, done: string): Mending {
  return { what, found, done, assumed: null, fix: null };
}

/** Socket names of this lake, also those of the dead. */
function sockets({ paths }: Lake): number {
  const prefix = `${basename(paths.socket)}.`;
  try {
    return readdirSync(dirname(paths.socket)).filter((name) => name.startsWith(prefix)).length;
  } catch {
    return 0;
  }
}

/** Files that were being written when their writer died: they have names that nobody reads. */
function removeLeftovers({ paths, tableStorage }: Lake, now: number): Mending[] {
  const folders = [paths.checkpoints, ...(tableStorage.kind === 'local' ? [paths.tables] : [])];
  const old = folders.flatMap(leftovers).filter((path) => now - statSync(path).mtimeMs > leftoverAfterMs);
  for (const path of old) rmSync(path, { force: true });
  if (old.length === 0) return [];
  return [mending('temporary files', `${old.length} of writers that have died`, `removed ${old.length}`)];
}

function leftovers(folder: string): string[] {
  let entries: Dirent[];
  try {
    entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  } catch {
    return [];
  }
  return entries
    .filter((entry) => entry.isFile() && /^(\..*\.tmp|tmp_part-.*\.parquet)$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name));
}
