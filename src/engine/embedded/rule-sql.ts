/** Rules as SQL conditions over a relation of the batch; a rule written as a function is run row by row first. */
import { asMurmurError, isMurmurError, MurmurError } from '../../base/errors.js';
import { quoteIdent } from '../../duck/sql-text.js';
import { column, struct } from '../../schema/column-types.js';
import type { Expectation, RowPredicate, RowRule } from '../expectation.js';
import { ordColumn, partColumn } from './compile.js';
import type { Relation, Workspace } from './workspace.js';

const brokenRows = struct(column('o', 'long'), column('p', 'long'));

/**
 * For each rule, SQL that is true for a row which breaks it.
 * @throws engine.rule_invalid (user) when a function throws
 */
export async function brokenConditions(
  space: Workspace,
  relation: Relation,
  rules: readonly RowRule[],
): Promise<string[]> {
  const conditions: string[] = [];
  for (const [i, { name, rule }] of rules.entries()) {
    if (typeof rule === 'string') {
      conditions.push(`NOT coalesce(${booleanSql(rule)}, false)`);
      continue;
    }
    const table = `batch_rule_${i}`;
    const rows = await rowsThatBreak(space, relation, name, rule);
    await space.session.run(`CREATE OR REPLACE TEMP TABLE ${table} (o BIGINT, p BIGINT)`);
    await space.session.append(table, brokenRows, rows);
    conditions.push(`EXISTS (SELECT 1 FROM ${table} WHERE o = ${ordColumn} AND p = ${partColumn})`);
  }
  return conditions;
}

/**
 * Judges no row but every text, so that a rule which does not fit the columns is refused before the first batch.
 * @throws engine.rule_invalid (user)
 */
export async function checkRules(
  { session }: Workspace,
  relation: Relation,
  expectations: readonly Expectation[],
): Promise<void> {
  for (const e of expectations)
    for (const text of texts(e))
      try {
        await session.rows(`SELECT ${booleanSql(text)} FROM ${relation.name} LIMIT 0`);
      } catch (cause) {
        throw invalidRule(e.name, text, cause);
      }
}

/** A rule's text as a boolean; the line break ends a trailing comment. */
export function booleanSql(text: string): string {
  return `(${text}\n)::BOOLEAN`;
}

async function rowsThatBreak(
  { session }: Workspace,
  { name: from, columns }: Relation,
  name: string,
  isGood: RowPredicate,
): Promise<[ord: bigint, part: bigint][]> {
  const types = await session.rows<{ column_name: string; column_type: string }>(`DESCRIBE ${from}`);
  const timestamps = types
    .filter((c) => columns.includes(c.column_name) && c.column_type.startsWith('TIMESTAMP'))
    .map((c) => c.column_name);
  const broken: [bigint, bigint][] = [];
  const visible = [ordColumn, partColumn, ...columns.map(quoteIdent)].join(', ');
  for await (const rows of session.stream(`SELECT ${visible} FROM ${from}`))
    for (const { [ordColumn]: ord, [partColumn]: part, ...values } of rows) {
      const row: Record<string, unknown> = values;
      for (const t of timestamps) if (typeof row[t] === 'string') row[t] = new Date(row[t]);
      try {
        if (isGood(row) !== true) broken.push([BigInt(ord as number), BigInt(part as number)]);
      } catch (cause) {
        throw invalidRule(name, 'the function', cause);
      }
    }
  return broken;
}

/** Which rule a failed judgement is due to: the first whose text fails on these rows. */
export async function blamedRule(
  { session }: Workspace,
  relation: Relation,
  expectations: readonly Expectation[],
  error: unknown,
): Promise<unknown> {
  if (!isMurmurError(error, 'duck.sql_error')) return error;
  for (const e of expectations)
    for (const text of texts(e))
      try {
        await session.rows(`SELECT count(*) FILTER (WHERE ${booleanSql(text)}) FROM ${relation.name}`);
      } catch (cause) {
        return invalidRule(e.name, text, cause);
      }
  return error;
}

function texts(e: Expectation): string[] {
  if (e.kind === 'row') return typeof e.rule === 'string' ? [e.rule] : [];
  return e.measure === 'kept' ? [] : [e.measure.among, e.measure.hit];
}

function invalidRule(name: string, text: string, cause: unknown): MurmurError {
  return new MurmurError(
    'engine.rule_invalid',
    `rule "${name}" cannot be evaluated (${text}): ${asMurmurError(cause).message}`,
    { fault: 'user', fix: 'correct the rule under `expect` in murmur.yaml', cause, context: { rule: name } },
  );
}
