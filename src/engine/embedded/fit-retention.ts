/**
 * How long a table keeps the files that it no longer needs. A stream of five commits a second replaces 430,000 files a day;
 * each of them stays in the state of the table, in memory, in every checkpoint and in every listing. So the time is cut to
 * what the pace of the table allows, and lengthened again when the table rests. It is a property of the table, so that every
 * engine keeps to it.
 */
import type { DeltaLog, Snapshot } from '../../delta/index.js';
import { interval } from '../../delta/table-properties.js';

/** Removed files that a table may keep. */
const mostRemoved = 20_000;
/** However busy a table is, who began to read it must be able to finish. Milliseconds. */
const leastMs = 3_600_000;
/** A difference below this share is not worth a commit. */
const tolerance = 0.25;

const retentionProperty = 'delta.deletedFileRetentionDuration';
/** What the table was told to keep, while it keeps less. */
const wantedProperty = 'murmur.deletedFileRetentionDuration';

/** @returns milliseconds */
export function fittingRetention(removedInLastHour: number, wantedMs: number): number {
  const hours = mostRemoved / Math.max(1, removedInLastHour);
  return Math.min(wantedMs, Math.max(leastMs, Math.floor(hours * 3_600_000)));
}

/** Sets the property where it no longer fits. A commit that comes between leaves it for the next time. */
export async function fitRetention(table: DeltaLog, now: number): Promise<void> {
  const snapshot = await table.update();
  const { metadata } = snapshot;
  const current = metadata.configuration[retentionProperty];
  const noted = metadata.configuration[wantedProperty];
  const wanted = noted ?? current;
  const wantedMs = interval(wanted);
  const currentMs = interval(current);
  if (wanted === undefined || wantedMs === undefined || currentMs === undefined) return;
  const fitting = fittingRetention(removedSince(snapshot, now - 3_600_000), wantedMs);
  if (
    Math.abs(fitting - currentMs) <= currentMs * tolerance &&
    (fitting < wantedMs || currentMs === wantedMs)
  )
    return;
  const { [wantedProperty]: _, ...others } = metadata.configuration;
  const changed =
    fitting === wantedMs
      ? { [retentionProperty]: wanted }
      : { [retentionProperty]: `interval ${fitting} milliseconds`, [wantedProperty]: wanted };
  await table
    .begin(snapshot)
    .setMetadata({ ...metadata, configuration: { ...others, ...changed } })
    .commit({ operation: 'SET TBLPROPERTIES', operationParameters: { properties: changed } });
}

function removedSince({ state }: Snapshot, since: number): number {
  let removed = 0;
  for (const { deletionTimestamp = 0 } of state.tombstones.values())
    if (deletionTimestamp >= since) removed++;
  return removed;
}
