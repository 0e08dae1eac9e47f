/**
 * The `expect` node: row rules are judged, rows that break them leave the batch (to quarantine or as dropped), and the
 * shares that layer rules need are counted. One statement when every row is good.
 */
import { MurmurError } from '../../base/errors.js';
import { quoteIdent, quoteString } from '../../duck/sql-text.js';
import type { Expectation, LayerRule, RowRule } from '../expectation.js';
import { measureKey } from '../layer-window.js';
import { ordColumn, partColumn } from './compile.js';
import { blamedRule, booleanSql, brokenConditions } from './rule-sql.js';
import { inputRelation, positionColumn, type Relation, type Workspace } from './workspace.js';

export interface FiredRule {
  rule: string;
  action: string;
  posts: number;
  detail: string;
}

export interface Judgement {
  /** The rows that stay. */
  relation: Relation;
  /** By `measureKey`; see `layer-window.ts`. */
  shares: Record<string, [among: number, hits: number]>;
  fired: FiredRule[];
}

export interface JudgeRequest {
  stream: string;
  relation: Relation;
  /** `BatchInput.origins`, for quarantine. */
  origins: readonly string[];
  expectations: readonly Expectation[];
}

/**
 * Judges the rows of a relation.
 * @throws engine.rule_failed (user) when a row breaks a rule with `fail`; engine.rule_invalid (user)
 */
export async function judgeRows(space: Workspace, request: JudgeRequest): Promise<Judgement> {
  const { relation, expectations } = request;
  const rules = expectations.filter((e) => e.kind === 'row');
  const layers = expectations.filter((e) => e.kind === 'layer' && e.measure !== 'kept') as ShareRule[];
  if (rules.length + layers.length === 0) return { relation, shares: {}, fired: [] };

  const conditions = await brokenConditions(space, relation, rules);
  const counts = await countPosts(space, relation, {
    ...Object.fromEntries(conditions.map((condition, i) => [`broken${i}`, condition])),
    ...Object.fromEntries(
      layers.flatMap(({ measure: { among, hit } }, i) => [
        [`among${i}`, booleanSql(among)],
        [`hits${i}`, `${booleanSql(among)} AND ${booleanSql(hit)}`],
      ]),
    ),
  }).catch(async (e) => {
    throw await blamedRule(space, relation, expectations, e);
  });
  const broken = rules
    .map((rule, i) => ({ rule, condition: conditions[i] ?? '', posts: counts[`broken${i}`] ?? 0 }))
    .filter(({ posts }) => posts > 0);
  const fired = broken.map(({ rule, posts }) => ({
    rule: rule.name,
    action: rule.action,
    posts,
    detail: `${reason(rule)}, in ${posts} ${posts === 1 ? 'post' : 'posts'}`,
  }));
  refuseFailed(fired, request.stream);
  const leaving = broken.filter(({ rule }) => rule.action === 'drop' || rule.action === 'quarantine');
  return {
    relation: leaving.length > 0 ? await takeOut(space, request, leaving) : relation,
    shares: Object.fromEntries(
      layers.map((rule, i) => [measureKey(rule), [counts[`among${i}`] ?? 0, counts[`hits${i}`] ?? 0]]),
    ),
    fired,
  };
}

type ShareRule = LayerRule & { measure: { hit: string; among: string } };

/** The rows without those that break a rule with `drop` or `quarantine`; the first such rule decides for a row. */
async function takeOut(
  space: Workspace,
  { relation, origins }: JudgeRequest,
  broken: readonly { rule: RowRule; condition: string }[],
): Promise<Relation> {
  const { columns, rowIsPost } = relation;
  const choose = (of: (rule: RowRule, i: number) => string) =>
    `CASE __rule ${broken.map(({ rule }, i) => `WHEN ${i} THEN ${of(rule, i)}`).join(' ')} END`;
  const cases = broken.map(({ condition }, i) => `WHEN ${condition} THEN ${i}`).join(' ');
  const { name: judged } = await space.relation(
    `SELECT *, ${choose(({ action }) => quoteString(action))} AS __action
     FROM (SELECT *, CASE ${cases} END AS __rule FROM ${relation.name})`,
    columns,
    rowIsPost,
  );
  const actions = new Set(broken.map(({ rule }) => rule.action));
  if (actions.has('drop'))
    await space.lose('dropped', `SELECT DISTINCT ${ordColumn} FROM ${judged} WHERE __action = 'drop'`);
  if (actions.has('quarantine')) {
    const row = columns.map((c) => `${quoteIdent(c)} := j.${quoteIdent(c)}`).join(', ');
    await space.quarantine(
      `SELECT j.${ordColumn}, ${choose(({ name }) => quoteString(name))}, ${choose((rule) => quoteString(reason(rule)))},
         ${columns.includes('post_id') ? 'j.post_id' : 'NULL'}, to_json(struct_pack(${row}))::VARCHAR, i.source_file, i.position
       FROM ${judged} j LEFT JOIN (${originsSql(origins)}) i USING (${ordColumn}) WHERE __action = 'quarantine'`,
    );
  }
  const visible = [ordColumn, partColumn, ...columns.map(quoteIdent)].join(', ');
  return space.relation(`SELECT ${visible} FROM ${judged} WHERE __rule IS NULL`, columns, rowIsPost);
}

/** For each condition, the posts with a row for which it is true. */
async function countPosts(
  { session }: Workspace,
  { name, rowIsPost }: Relation,
  conditions: Readonly<Record<string, string>>,
): Promise<Record<string, number>> {
  const names = Object.keys(conditions);
  const each = (sql: (condition: string) => string) =>
    names.map((key) => `${sql(conditions[key] ?? 'false')} AS ${key}`).join(', ');
  // Of posts with several rows each is judged once: counting distinct posts condition by condition is far dearer.
  const rows = rowIsPost
    ? `SELECT ${each((condition) => `count(*) FILTER (WHERE ${condition})`)} FROM ${name}`
    : `SELECT ${names.map((key) => `count(*) FILTER (WHERE ${key}) AS ${key}`).join(', ')}
       FROM (SELECT ${each((condition) => `bool_or(${condition})`)} FROM ${name} GROUP BY ${ordColumn})`;
  return (await session.rows<Record<string, number>>(rows))[0] ?? {};
}

/** Where each post of the input stood, as far as the input knows. */
export function originsSql(origins: readonly string[]): string {
  const of = (name: string, type: string) =>
    origins.includes(name) ? `any_value(${name})` : `NULL::${type}`;
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

function reason(rule: RowRule): string {
  return typeof rule.rule === 'string' ? `not true: ${rule.rule}` : `not true: ${rule.name}`;
}
