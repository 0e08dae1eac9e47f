/** The commitInfo of a commit: what history shows of it, and when it happened. */
import type { CommitInfo, Metadata } from './actions.js';

export interface CommitDescription {
  /** A native operation name: `WRITE`, `STREAMING UPDATE`, `OPTIMIZE`, … */
  operation: string;
  /** Values that are not strings are written as JSON text, which is what every reader takes. */
  operationParameters?: Record<string, unknown>;
  operationMetrics?: Record<string, string>;
  /** What a streaming query says about its batch (JSON text). */
  murmur?: string;
  /** Any text of the user's. */
  userMetadata?: string;
  isolationLevel?: string;
}

/** What a transaction knows of itself. */
export type CommitFacts = Required<
  Pick<CommitInfo, 'timestamp' | 'isolationLevel' | 'isBlindAppend' | 'engineInfo' | 'txnId' | 'readVersion'>
>;

export function commitInfo(description: CommitDescription, facts: CommitFacts): CommitInfo {
  const { operation, operationParameters = {}, operationMetrics, murmur, userMetadata } = description;
  return {
    timestamp: facts.timestamp,
    operation,
    operationParameters: Object.fromEntries(
      Object.entries(operationParameters).map(([key, value]) => [
        key,
        typeof value === 'string' ? value : JSON.stringify(value),
      ]),
    ),
    readVersion: facts.readVersion,
    isolationLevel: description.isolationLevel ?? facts.isolationLevel,
    isBlindAppend: facts.isBlindAppend,
    ...(operationMetrics === undefined ? {} : { operationMetrics }),
    ...(userMetadata === undefined ? {} : { userMetadata }),
    engineInfo: facts.engineInfo,
    txnId: facts.txnId,
    ...(murmur === undefined ? {} : { murmur }),
  };
}

const enabled = 'delta.enableInCommitTimestamps';
const sinceVersion = 'delta.inCommitTimestampEnablementVersion';
const sinceTimestamp = 'delta.inCommitTimestampEnablementTimestamp';

export function hasInCommitTimestamps({ configuration }: Pick<Metadata, 'configuration'>): boolean {
  return configuration[enabled] === 'true';
}

/** Strictly behind the commit before it (PROTOCOL.md, "In-Commit Timestamps"). Milliseconds since the epoch. */
export function inCommitTimestamp(now: number, previous: number): number {
  return Math.max(now, previous + 1);
}

/**
 * Metadata as a commit of `version` writes it: a table says since when its commits tell their time, unless they all do.
 */
export function stampEnablement(
  metadata: Metadata,
  before: Metadata,
  version: number,
  timestamp: number,
): Metadata {
  const { [sinceVersion]: _version, [sinceTimestamp]: _timestamp, ...rest } = metadata.configuration;
  if (!hasInCommitTimestamps(metadata)) return { ...metadata, configuration: rest };
  if (hasInCommitTimestamps(before)) return metadata;
  const since = { [sinceVersion]: String(version), [sinceTimestamp]: String(timestamp) };
  return { ...metadata, configuration: { ...rest, ...since } };
}
