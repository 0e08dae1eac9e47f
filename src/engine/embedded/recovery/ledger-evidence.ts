/**
 * How far each file of the landing place was read, as the table of the landing query tells it: newest first, every commit
 * says where its files ended. Where the log no longer goes back to the first batch, the rows themselves name the files
 * that went into them; such a file is then taken as read to its end, for nothing else is known of it.
 */
import { type DeltaLog, type Snapshot, DeltaLog as Tables } from '../../../delta/index.js';
import { scanSql } from '../../../duck/scan.js';
import { quoteString } from '../../../duck/sql-text.js';
import type { InputRange, Source } from '../../../sources/source.js';
import { clear } from '../clear.js';
import type { EmbeddedContext } from '../context.js';
import { type LandingEnds, unpackEnds } from '../landing-ends.js';
import { commitsBackFrom, queryCommit } from './table-evidence.js';

export interface LedgerEvidence {
  /** The last range of every file. */
  ranges: InputRange[];
  /** Paths of files older than the log that are taken as read to their end, as they are now. */
  assumed: string[];
  /** Paths of files older than the log that are no longer there: nothing need be known of them. */
  gone: string[];
}

/** @param snapshot the state of the table up to which its commits count */
export async function ledgerEvidence(
  context: EmbeddedContext,
  stream: string,
  table: DeltaLog,
  snapshot: Snapshot,
): Promise<LedgerEvidence> {
  const known = new Map<string, InputRange>();
  let isWhole = false;
  for await (const commit of commitsBackFrom(table, snapshot.version)) {
    const found = queryCommit(commit);
    if (found && found.endOffset !== undefined)
      for (const range of unpackEnds(found.endOffset as LandingEnds))
        if (!known.has(range.path)) known.set(range.path, range);
    isWhole = commit.version === 0 || found?.kind === 'rebuild';
    if (isWhole) break;
  }
  if (isWhole) return { ranges: [...known.values()], assumed: [], gone: [] };
  const older = (await filesInRows(context, stream, table, snapshot)).filter((path) => !known.has(path));
  const whole = await rangesOf(context, new Set(older));
  return {
    ranges: [...known.values(), ...whole.values()],
    assumed: older.filter((path) => whole.has(path)),
    gone: older.filter((path) => !whole.has(path)),
  };
}

/** Files that gave rows to the table, or to quarantine. */
async function filesInRows(
  { duck, tables, delta }: EmbeddedContext,
  stream: string,
  table: DeltaLog,
  snapshot: Snapshot,
): Promise<string[]> {
  const session = await duck.connect();
  try {
    const scans = [`SELECT source_file FROM (${await scanSql(session, snapshot, table.storage)})`];
    const quarantine = await Tables.openIfExists(tables.at('quarantine'), delta);
    if (quarantine)
      scans.push(
        `SELECT source_file FROM (${await scanSql(session, quarantine.snapshot, quarantine.storage)})
         WHERE stream = ${quoteString(stream)}`,
      );
    const rows = await session.rows<{ path: string }>(
      `SELECT DISTINCT source_file AS path FROM (${scans.join(' UNION ALL ')}) WHERE source_file IS NOT NULL ORDER BY 1`,
    );
    return rows.map(({ path }) => path);
  } finally {
    await session.close();
  }
}

/** Reads files of the landing place to their end without keeping a record, for where they end. */
async function rangesOf(
  { landing, checkpoints }: EmbeddedContext,
  wanted: ReadonlySet<string>,
): Promise<Map<string, InputRange>> {
  const found = new Map<string, InputRange>();
  if (wanted.size === 0) return found;
  // What a source writes down while it looks is of no use to anybody else.
  const notes = checkpoints.at('.look');
  await clear(notes);
  const source: Source = await landing.open(notes);
  try {
    const { at, files } = await source.horizon();
    const horizon = { at, files: new Map([...files].filter(([path]) => wanted.has(path))) };
    const limits = { posts: 1_000_000, bytes: 64 * 1024 * 1024, files: 1_000 };
    for (let batchId = 0; ; batchId++) {
      const input = await source.plan(limits, horizon);
      if (input === undefined) return found;
      for (const range of input.inputs) found.set(range.path, { ...range, from: range.to });
      await source.planned(batchId, input);
    }
  } finally {
    await source.close();
    await clear(notes);
  }
}
