/**
 * Which files hold rows for which a condition is true, and what is left of them without these rows. Files that statistics or
 * partition values rule out are not read.
 */
import { MurmurError } from '../base/errors.js';
import type { AddFile, DataFile } from '../delta/actions.js';
import { type Condition, planScan } from '../delta/scan.js';
import { conditionsOf } from '../duck/conditions.js';
import { dataFileUri } from '../duck/parquet-location.js';
import { scanSql } from '../duck/scan.js';
import { type Attempt, rowsIn } from './attempt.js';

export interface Matches {
  conditions: Condition[];
  /** Files that had to be looked into. */
  candidates: AddFile[];
  /** Files in which every row matches. */
  whole: AddFile[];
  /** Files in which some rows match, and others do not. */
  partly: AddFile[];
  /** Rows that match. */
  rows: number;
  /** Rows of `partly` that do not. */
  others: number;
}

/** @throws duck.sql_error (user) for a condition that cannot be evaluated */
export async function findMatches(
  { session, snapshot, target, log }: Attempt,
  where: string,
): Promise<Matches> {
  const { storage } = log;
  const conditions = await conditionsOf(session, where, snapshot.schema);
  const candidates = planScan(snapshot, conditions);
  const scan = await scanSql(session, target, storage, { files: candidates, rowNumbers: true });
  const counted = await session.rows<{ filename: string; hits: number; others: number }>(
    `SELECT filename, count(*) FILTER (WHERE hit) AS hits, count(*) FILTER (WHERE NOT hit) AS others
     FROM (SELECT filename, (${where}\n) IS TRUE AS hit FROM (${scan})) GROUP BY filename HAVING hits > 0`,
  );
  const byFile = new Map(counted.map((row) => [row.filename, row]));
  const matches: Matches = { conditions, candidates, whole: [], partly: [], rows: 0, others: 0 };
  for (const file of candidates) {
    const found = byFile.get(dataFileUri(session, storage, file));
    if (found === undefined) continue;
    matches[found.others === 0 ? 'whole' : 'partly'].push(file);
    matches.rows += found.hits;
    matches.others += found.others;
  }
  return matches;
}

/**
 * Takes the matching rows out of the table: whole files are removed, the others written anew without them.
 * @returns the files written
 * @throws table.unstable_condition (user)
 */
export async function removeMatches(
  attempt: Attempt,
  where: string,
  { candidates, conditions, whole, partly, others }: Matches,
): Promise<DataFile[]> {
  const { transaction, session, target, log } = attempt;
  transaction.reads(candidates, conditions);
  for (const file of [...whole, ...partly]) transaction.remove(file);
  if (partly.length === 0) {
    transaction.wholeFiles();
    return [];
  }
  const scan = await scanSql(session, target, log.storage, { files: partly });
  const files = await attempt.write(`SELECT * FROM (${scan}) WHERE (${where}\n) IS NOT TRUE`);
  assertCount(where, others, files);
  return files;
}

/** A condition that gives another answer when it is asked again would lose rows. */
export function assertCount(where: string, expected: number, files: readonly DataFile[]): void {
  const actual = rowsIn(files);
  if (actual === expected) return;
  throw new MurmurError(
    'table.unstable_condition',
    `evaluating ${where} twice: ${expected} rows were to be kept, then ${actual}`,
    { fault: 'user', fix: 'use a condition that always gives the same answer for the same row' },
  );
}
