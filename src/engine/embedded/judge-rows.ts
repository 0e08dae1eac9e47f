/**
 * The `expect` node: row rules are judged, rows that break them leave the batch (to quarantine or as dropped), and the
 * shares that layer rules need are counted. One statement when every row is good.
 */
import { MurmurError } from '../../base/errors.js';
import { quoteIdent, quoteString } from '../../duck/sql-text.js';
import type { Expectation, LayerRule, RowRule } from '../expectation.js';
import { ordColumn, partColumn } from './compile.js';
import { measureKey } from './layer-window.js';
import { booleanSql, brokenConditions } from './rule-sql.js';
import { inputRelation, positionColumn, type Workspace } from './workspace.js';

export interface FiredRule {
  rule: string;
  action: string;
  posts: number;
  detail: string;
}

export interface Judgement {
  /** The relation of the rows that stay. */
  relation: string;
  /** By `measureKey`; see `layer-window.ts`. */
  shares: Record<string, [among: number, hits: number]>;
  fired: FiredRule[];
}

export interface JudgeRequest {
  stream: string;
  relation: string;
  columns: readonly string[];
  /** Of the batch's input, where quarantine finds the file and position of a post. */
  inputColumns: readonly string[];
  expectations: readonly Expectation[];
}

/**
 * Judges the rows of a relation.
 * @throws engine.rule_failed (user) when a row breaks a rule with `fail`; engine.rule_invalid (user)
 */
export async function judgeRows(space: Workspace, request: JudgeRequest): Promise<Judgement> {
  const { relation, columns, inputColumns, expectations } = request;
  const rules = expectations.filter((e) => e.kind === 'row');
  const layers = expectations.filter((e) => e.kind === 'layer' && e.measure !== 'kept') as ShareRule[];
  if (rules.length + layers.length === 0) return { relation, shares: {}, fired: [] };

  const conditions = await brokenConditions(space, relation, columns, rules);
  const [counts] = await space.session.rows<Record<string, number>>(
    `SELECT ${[
      ...conditions.map((condition, i) => `${posts(condition)} AS broken${i}`),
      ...layers.flatMap(({ measure }, i) => [
        `${posts(booleanSql(measure.among))} AS among${i}`,
        `${posts(`${booleanSql(measure.among)} AND ${booleanSql(measure.hit)}`)} AS hits${i}`,
      ]),
    ].join(', ')} FROM ${relation}`,
  );
  const fired = rules.flatMap((rule, i) => firedRule(rule, counts?.[`broken${i}`] ?? 0));
  refuseFailed(fired, request.stream);
  const leaving = fired.some((f) => f.action === 'drop' || f.action === 'quarantine');
  return {
    relation: leaving
      ? await takeOut(space, { relation, columns, inputColumns, rules, conditions })
      : relation,
    shares: Object.fromEntries(
      layers.map((rule, i) => [measureKey(rule), [counts?.[`among${i}`] ?? 0, counts?.[`hits${i}`] ?? 0]]),
    ),
    fired,
  };
}

type ShareRule = LayerRule & { measure: { hit: string; among: string } };

/** The rows without those that break a rule with `drop` or `quarantine`; the first such rule decides for a row. */
async function takeOut(
  space: Workspace,
  o: {
    relation: string;
    columns: readonly string[];
    inputColumns: readonly string[];
    rules: readonly RowRule[];
    conditions: readonly string[];
  },
): Promise<string> {
  const deciding = o.rules
    .map((rule, i) => ({ rule, i, condition: o.conditions[i] }))
    .filter(({ rule }) => rule.action === 'drop' || rule.action === 'quarantine');
  const cases = deciding.map(({ condition, i }) => `WHEN ${condition} THEN ${i}`).join(' ');
  const judged = await space.relation(`SELECT *, CASE ${cases} END AS __rule FROM ${o.relation}`);
  const numbers = (action: string) =>
    deciding
      .filter(({ rule }) => rule.action === action)
      .map(({ i }) => i)
      .join(', ') || 'NULL';

  await space.lose(
    'dropped',
    `SELECT DISTINCT ${ordColumn} FROM ${judged} WHERE __rule IN (${numbers('drop')})`,
  );
  const texts = (of: (rule: RowRule) => string) =>
    `CASE __rule ${deciding.map(({ rule, i }) => `WHEN ${i} THEN ${quoteString(of(rule))}`).join(' ')} END`;
  const row = o.columns.map((c) => `${quoteIdent(c)} := j.${quoteIdent(c)}`).join(', ');
  await space.quarantine(
    `SELECT j.${ordColumn}, ${texts((r) => r.name)}, ${texts(reason)},
       ${o.columns.includes('post_id') ? 'j.post_id' : 'NULL'}, to_json(struct_pack(${row}))::VARCHAR, i.source_file, i.position
     FROM ${judged} j LEFT JOIN (${origins(o.inputColumns)}) i USING (${ordColumn})
     WHERE __rule IN (${numbers('quarantine')})`,
  );
  return space.relation(
    `SELECT ${[ordColumn, partColumn, ...o.columns.map(quoteIdent)].join(', ')} FROM ${judged} WHERE __rule IS NULL`,
  );
}

/** Where each post of the input stood, as far as the input knows. */
export function origins(inputColumns: readonly string[]): string {
  const of = (name: string, type: string) =>
    inputColumns.includes(name) ? `any_value(${name})` : `NULL::${type}`;
  return `SELECT ${ordColumn}, ${of('source_file', 'VARCHAR')} AS source_file, ${of(positionColumn, 'BIGINT')} AS position
    FROM ${inputRelation} GROUP BY ${ordColumn}`;
}

function refuseFailed(fired: readonly FiredRule[], stream: string): void {
  const failed = fired.find((f) => f.action === 'fail');
  if (!failed) return;
  throw new MurmurError('engine.rule_failed', `rule "${failed.rule}" (${stream}): ${failed.detail}`, {
    fault: 'user',
    fix: 'correct the posts, or the rule under `expect` in murmur.yaml, and start again: the batch was not committed',
    context: { rule: failed.rule, stream, posts: failed.posts },
  });
}

function firedRule(rule: RowRule, posts: number): FiredRule[] {
  if (posts === 0) return [];
  return [{ rule: rule.name, action: rule.action, posts, detail: `${posts} posts with ${reason(rule)}` }];
}

function reason(rule: RowRule): string {
  return typeof rule.rule === 'string' ? `not true: ${rule.rule}` : `not true: ${rule.name}`;
}

function posts(condition: string): string {
  return `count(DISTINCT ${ordColumn}) FILTER (WHERE ${condition})`;
}
