/** A state of a table by number or by time, as people ask for it. */
import { MurmurError } from '../base/errors.js';
import { parseDuration } from '../config/quantities.js';
import type { DeltaLog } from '../delta/delta-log.js';
import type { Snapshot } from '../delta/snapshot.js';

/** Which state of a table: the newest where nothing is said, else one of the two. */
export interface When {
  version?: number;
  /** ISO 8601 (UTC where no zone is named), a date, `2h ago`; or milliseconds since the epoch. */
  timestamp?: string | number | Date;
}

/**
 * The state that was asked for, of a table brought up to date.
 * @throws delta.no_such_version, lake.bad_timestamp, lake.version_and_timestamp (user)
 */
export async function snapshotAt(
  table: DeltaLog,
  { version, timestamp }: When,
  now = Date.now(),
): Promise<Snapshot> {
  if (version !== undefined && timestamp !== undefined) {
    throw new MurmurError(
      'lake.version_and_timestamp',
      `reading ${table.storage.root}: version ${version} and a timestamp were asked for`,
      { fault: 'user', fix: 'give one of the two' },
    );
  }
  if (version !== undefined) return table.at(version);
  return timestamp === undefined ? table.snapshot : table.atTime(millisOf(timestamp, now));
}

/** Milliseconds since the epoch. @throws lake.bad_timestamp (user) */
export function millisOf(timestamp: NonNullable<When['timestamp']>, now = Date.now()): number {
  const millis = typeof timestamp === 'string' ? parseTime(timestamp.trim(), now) : Number(timestamp);
  if (Number.isFinite(millis)) return millis;
  throw new MurmurError('lake.bad_timestamp', `reading a table as of '${timestamp}': not a time`, {
    fault: 'user',
    fix: "write it like '2026-11-21 10:00:00', '2026-11-21' or '2h ago'",
  });
}

function parseTime(text: string, now: number): number {
  const back = /^(.+?)\s+ago$/i.exec(text)?.[1];
  if (back !== undefined) return now - (parseDuration(back) ?? Number.NaN);
  if (!/^\d{4}-\d\d-\d\d/.test(text)) return Number.NaN;
  const iso = text.replace(' ', 'T');
  return Date.parse(/T.*(Z|[+-]\d\d:?\d\d)$/i.test(iso) || !iso.includes('T') ? iso : `${iso}Z`);
}
