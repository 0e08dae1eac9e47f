/** The SQL of plans where its shape matters: what is quoted, counted, refused. What it computes is proven on a real Spark. */
import { describe, expect, it } from 'vitest';
import type { Expectation } from '../../../src/engine/expectation.js';
import { fansOut, planInput } from '../../../src/engine/plan-reading.js';
import { type CompiledQuery, compilePlan } from '../../../src/engine/spark/sql/compile.js';
import { mergeSql } from '../../../src/engine/spark/sql/merge-sql.js';
import { sharedSql } from '../../../src/engine/spark/sql/shared-sql.js';
import { medallion } from '../../../src/pipeline/medallion.js';
import { quoted, quotedName } from '../../../src/posts/sql/spark-literals.js';
import { tables } from '../../../src/posts/tables.js';

const plans = medallion({ neutralInTotal: false });

function compiled(name: keyof typeof plans, expectations: readonly Expectation[] = []): CompiledQuery {
  const plan = plans[name];
  const from = planInput(plan);
  const contract = from === 'landing' ? tables.bronze : tables[from as keyof typeof tables];
  return compilePlan(
    {
      name,
      plan,
      expectations,
      trigger: { kind: 'available-now' },
      limits: { posts: 1, bytes: 1, files: 1 },
      stamp: {},
    },
    {
      source: 'arrived',
      columns: contract.fields.map((f) => f.name),
      fansOut: from === 'silver' || from === 'gold',
    },
  );
}

const rule = (text: string, action: 'drop' | 'quarantine' | 'warn' | 'fail'): Expectation => ({
  kind: 'row',
  name: `it's ${action}`,
  rule: text,
  action,
});

describe('constants in Spark SQL', () => {
  it('are read back letter for letter', () => {
    expect(quoted("it's \\ a\n$\x7bspark.master} \0")).toBe(
      "'it\\'s \\\\ a\\u000a\\u0024{spark.master} \\u0000'",
    );
    expect(quotedName('a`b')).toBe('`a``b`');
  });

  it('are taken over from the shared dialect, where a backslash is a character and "…" a name', () => {
    expect(sharedSql(`a = 'it''s \\' || "b ""c""" -- 'no\n/* "no" */ and 1`)).toBe(
      'a = \'it\\\'s \\\\\' || `b "c"` -- \'no\n/* "no" */ and 1',
    );
  });
});

describe('a compiled plan', () => {
  it('names its input, and whether it fans out', () => {
    expect(Object.values(plans).map(planInput)).toEqual(['landing', 'bronze', 'silver', 'gold']);
    expect(Object.values(plans).map(fansOut)).toEqual([false, true, false, false]);
  });

  it('keeps rows that are taken out as far as the rules, and writes the others', () => {
    const silver = compiled('silver', [rule('text is not null', 'drop')]);
    expect(silver.judged).toContain("THEN 'superseded'");
    expect(silver.judged).toContain("WHEN 0 THEN 'dropped'");
    expect(silver.rows('judged')).toContain('FROM judged WHERE __fate IS NULL');
    expect(silver.rows('judged')).toContain('explode_outer(`mentions`) AS `mention`');
    expect(silver.quarantined).toBeUndefined();
  });

  it('quarantines by rules of that action alone, and what the landing place could not read', () => {
    expect(compiled('silver', [rule('true', 'quarantine')]).quarantined?.('judged')).toContain(
      "WHEN 0 THEN 'it\\'s quarantine'",
    );
    expect(compiled('silver', [rule('true', 'warn'), rule('true', 'fail')]).quarantined).toBeUndefined();
    expect(compiled('bronze').quarantined?.('judged')).toContain('__fault.reason');
  });

  it('ends the job at a post that breaks a rule with `fail`, before any other rule takes it out', () => {
    const { judged } = compiled('silver', [rule('a', 'quarantine'), rule('b', 'fail')]);
    expect(judged.indexOf('raise_error')).toBeLessThan(judged.indexOf('THEN 0'));
    // Only what the rows to write depend on is computed.
    expect(judged).toContain("WHEN 0 THEN 'quarantined' WHEN 1 THEN 'failed'");
    expect(compiled('silver', [rule('b', 'fail')]).judged).toContain("CASE __rule WHEN 0 THEN 'failed' END");
    expect(compiled('silver', [rule('b', 'warn')]).judged).not.toContain('raise_error');
  });

  it('counts posts by rows where a row is a post, else by their identity', () => {
    expect(compiled('silver').metrics.input_posts).toBe('count(CASE WHEN true THEN 1 END)');
    expect(compiled('gold').metrics.input_posts).toContain('xxhash64(source, post_id)');
  });

  it('reads what was observed: counts, shares of layer rules, and rules that fired', () => {
    const silver = compiled('silver', [
      rule('a', 'warn'),
      rule('b', 'drop'),
      {
        kind: 'layer',
        name: 'half',
        layers: 'bronze → silver',
        measure: { among: 'true', hit: 'c' },
        max: 0.5,
        action: 'fail',
      },
    ]);
    const measured = silver.measured({ input_posts: 5n, broken_1: 2n, among_0: 5n, hits_0: 1n });
    expect(measured.counts).toMatchObject({ input_posts: 5, output_posts: 0 });
    expect(Object.values(measured.shares)).toEqual([[5, 1]]);
    expect(measured.fired).toEqual([
      { rule: "it's drop", action: 'drop', posts: 2, detail: 'not true: b, in 2 posts' },
    ]);
  });

  it('is cut around the score', () => {
    const { score, rows } = compiled('gold');
    expect(score?.text).toBe('text');
    expect(score?.columns).toEqual([...tables.silver.fields.map((f) => f.name), 'scored_at']);
    expect(rows('judged')).toContain('current_timestamp() AS scored_at');
    expect(score?.rows('scored')).toContain('label_id(`predicted_sentiment`)');
    expect(compiled('silver').score).toBeUndefined();
  });

  it('cannot hold a rule that is a function', () => {
    const spoken: Expectation = { kind: 'row', name: 'spoken', rule: () => true, action: 'drop' };
    expect(() => compiled('silver', [spoken])).toThrowError(
      expect.objectContaining({ code: 'spark.rule_function', fault: 'user' }),
    );
  });
});

describe('the merge', () => {
  it('compares keys null-safely and derives the total from what was merged', () => {
    const sql = mergeSql(plans.application, 'delta.`/tables/application`', 'SELECT 1');
    expect(sql).toContain('ON t.`mention` <=> s.`mention`');
    expect(sql).toContain('t.`min_timestamp` = least(t.`min_timestamp`, s.`min_timestamp`)');
    expect(sql).toMatch(/t\.`total` = coalesce\(CASE WHEN t\.`positive` IS NULL/);
    expect(() => mergeSql(plans.silver, 't', 'SELECT 1')).toThrowError(
      expect.objectContaining({ code: 'engine.plan_invalid' }),
    );
  });
});
