/** Table properties (`delta.*`) with their defaults, as Spark has them. */
import type { Metadata } from './actions.js';
import type { IsolationLevel } from './conflicts.js';

const day = 86_400_000;

/** Commits between two checkpoints. */
export function checkpointInterval({ configuration }: Metadata): number {
  const value = Number(configuration['delta.checkpointInterval']);
  return Number.isInteger(value) && value > 0 ? value : 10;
}

const defaultFileSize = 128 * 2 ** 20;
const sizeUnits: Readonly<Record<string, number>> = { '': 1, b: 1, kb: 2 ** 10, mb: 2 ** 20, gb: 2 ** 30 };

/** Bytes that files should have: `delta.targetFileSize` as a number or like `128mb`; default 128 MiB. */
export function targetFileSize({ configuration }: Pick<Metadata, 'configuration'>): number {
  const text = configuration['delta.targetFileSize'] ?? '';
  const [, digits, unit = ''] = /^\s*(\d+)\s*([kmg]?b?)\s*$/i.exec(text) ?? [];
  const bytes = Number(digits) * (sizeUnits[unit.toLowerCase()] ?? Number.NaN);
  return bytes > 0 ? bytes : defaultFileSize;
}

/** How long removed files stay, in milliseconds. */
export function deletedFileRetention({ configuration }: Metadata): number {
  return interval(configuration['delta.deletedFileRetentionDuration']) ?? 7 * day;
}

/** How long commits stay, in milliseconds; never shorter than removed files do. */
export function logRetention(metadata: Metadata): number {
  const log = interval(metadata.configuration['delta.logRetentionDuration']) ?? 30 * day;
  return Math.max(log, deletedFileRetention(metadata));
}

export function cleansUpLog({ configuration }: Metadata): boolean {
  return configuration['delta.enableExpiredLogCleanup'] !== 'false';
}

export function isolationLevel({ configuration }: Metadata): IsolationLevel {
  return configuration['delta.isolationLevel'] === 'WriteSerializable' ? 'WriteSerializable' : 'Serializable';
}

const units: Readonly<Record<string, number>> = {
  millisecond: 1,
  second: 1000,
  minute: 60_000,
  hour: 3_600_000,
  day,
  week: 7 * day,
};

/** Milliseconds of `interval 1 day 12 hours`; undefined where it is absent or not understood. */
export function interval(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const parts = [...text.toLowerCase().matchAll(/(\d+)\s*(millisecond|second|minute|hour|day|week)s?\b/g)];
  if (parts.length === 0) return undefined;
  return parts.reduce((sum, [, count, unit]) => sum + Number(count) * units[unit!]!, 0);
}
