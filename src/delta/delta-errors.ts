/** The errors of the Delta module that more than one file throws. */
import { MurmurError } from '../base/errors.js';

export function notATable(root: string): MurmurError {
  return new MurmurError('delta.not_a_table', `opening ${root}: no Delta table there`, {
    fault: 'user',
    fix: 'check the path; a Delta table is a folder that holds _delta_log/',
    context: { root },
  });
}

/** The log itself breaks a rule of the protocol; nothing that we write can cause it. */
export function brokenLog(
  root: string,
  what: string,
  context: Record<string, number | string> = {},
): MurmurError {
  return new MurmurError('delta.broken_log', `reading the log of ${root}: ${what}`, {
    fault: 'external',
    context: { root, ...context },
  });
}

/** A commit file is missing between versions that are there. */
export function logGap(root: string, expected: number, found: number | 'nothing'): MurmurError {
  return new MurmurError(
    'delta.log_gap',
    `reading the log of ${root}: version ${expected} is missing, found ${found}`,
    {
      fault: 'external',
      fix: 'put the missing commit file back, or read a version that is still there',
      context: { root, version: expected },
    },
  );
}

/** @param oldest the first version that can still be read */
export function noSuchVersion(root: string, version: number, latest: number, oldest = 0): MurmurError {
  const there = oldest > 0 ? `the log holds versions ${oldest} to ${latest}` : `the newest is ${latest}`;
  return new MurmurError('delta.no_such_version', `reading ${root}: no version ${version}, ${there}`, {
    fault: 'user',
    context: { root, version, latest, oldest },
  });
}

/** Whether the commit happened is not known; nothing of it may be deleted. */
export function commitUnknown(root: string, version: number, cause: unknown): MurmurError {
  return new MurmurError(
    'delta.commit_unknown',
    `committing version ${version} of ${root}: the storage failed, and did not say whether the commit happened`,
    {
      fault: 'external',
      fix: "look at the table's history before you try again; with a txn, trying again is safe",
      context: { root, version },
      cause,
    },
  );
}
