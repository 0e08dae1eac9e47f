/** Expectations: what happens to rows that break a rule, and to a query whose layer lost too much. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Expectation, LayerRule, RowRule } from '../../src/engine/expectation.js';
import { posts, query, TestLake } from './lake.js';

let lake: TestLake;
beforeEach(() => {
  lake = new TestLake();
});
afterEach(() => lake.remove());

const kept: LayerRule = {
  kind: 'layer',
  name: 'posts kept',
  layers: 'bronze → silver',
  measure: 'kept',
  min: 0.99,
  action: 'fail',
};
const rule = (action: RowRule['action'], rule: RowRule['rule'], name = 'a rule'): RowRule => ({
  kind: 'row',
  name,
  rule,
  action,
});
const silver = (...expect: Expectation[]) => [query('bronze'), query('silver', { expect })];
const count = async (table: string) =>
  (await lake.sql<{ n: number }>(`SELECT count(*) AS n FROM ${table}`))[0]!.n;

describe('a row rule', () => {
  it('with warn lets rows through and tells', async () => {
    lake.land('a.ndjson', posts(10));
    const { events } = await lake.runOnce(silver(rule('warn', `contains(text, 'good')`)));
    expect(await count('silver')).toBe(20);
    expect(events.filter((e) => e.type === 'rule_fired')).toMatchObject([
      { stream: 'silver', rule: 'a rule', action: 'warn', posts: 5 },
    ]);
  });

  it('with drop leaves rows out, counted', async () => {
    lake.land('a.ndjson', posts(10));
    const { run } = await lake.runOnce(silver(rule('drop', `contains(text, 'good')`)));
    expect(await count('silver')).toBe(10);
    expect(run.status()[1]!.totals).toMatchObject({ input_posts: 10, output_posts: 5, dropped_posts: 5 });
  });

  it('is not met by null', async () => {
    lake.land('a.ndjson', posts(3));
    await lake.runOnce(silver(rule('drop', `sentiment = 'positive'`)));
    expect(await count('silver')).toBe(0);
  });

  it('may be a function that sees timestamps as dates', async () => {
    lake.land('a.ndjson', [...posts(2), { id_str: '7', created_at: '2020-01-02T03:04:05Z', text: 'late' }]);
    const seen: unknown[] = [];
    const before2010 = rule('quarantine', ({ timestamp, post_id, mentions }) => {
      seen.push([post_id, mentions]);
      return (timestamp as Date).getUTCFullYear() < 2010;
    });
    await lake.runOnce(silver(before2010));
    expect(seen).toEqual([
      ['0', ['friend0', 'friend1']],
      ['1', ['friend1', 'friend2']],
      ['7', []],
    ]);
    expect(await lake.sql('SELECT post_id, reason FROM quarantine')).toEqual([
      { post_id: '7', reason: 'not true: a rule' },
    ]);
    expect(await count('silver')).toBe(4);
  });

  it('decides before the ones behind it', async () => {
    lake.land('a.ndjson', posts(4));
    const { run } = await lake.runOnce(
      silver(rule('drop', `post_id <> '1'`, 'first'), rule('quarantine', `contains(text, 'bad')`, 'second')),
    );
    expect(await lake.sql('SELECT rule, post_id FROM quarantine')).toEqual([
      { rule: 'second', post_id: '3' },
    ]);
    expect(run.status()[1]!.totals).toMatchObject({
      output_posts: 2,
      dropped_posts: 1,
      quarantined_posts: 1,
    });
  });

  it('with fail stops the query before its commit, again after a restart, until the rule is changed', async () => {
    lake.land('a.ndjson', posts(4));
    for (let i = 0; i < 2; i++) {
      const { error, run, events } = await lake.runOnce(silver(rule('fail', `post_id <> '2'`)));
      expect(error).toMatchObject({ code: 'engine.rule_failed', fault: 'user' });
      expect(run.status()[1]).toMatchObject({
        state: 'failed',
        message: expect.stringMatching(
          /^stopped by rule "a rule" \(silver\): not true: post_id <> '2', in 1 post$/,
        ),
      });
      expect(events).toContainEqual(
        expect.objectContaining({ type: 'rule_fired', action: 'fail', posts: 1 }),
      );
      expect(await count('silver')).toBe(0);
    }
    expect((await lake.runOnce(silver())).error).toBeUndefined();
    expect(await count('silver')).toBe(8);
  });

  it('that does not fit the columns is refused before the first batch, by name', async () => {
    lake.land('a.ndjson', posts(1));
    const { error, run } = await lake.runOnce(silver(rule('drop', 'txt is not null', 'typo')));
    expect(error).toMatchObject({
      code: 'engine.rule_invalid',
      message: expect.stringMatching(/"typo"[\s\S]*txt/),
    });
    expect(run.status()[1]!.batchId).toBeNull();
  });
});

it('a rule that fails on a row is named', async () => {
  lake.land('a.ndjson', [...posts(1), { id_str: 'abc', text: 'no number' }]);
  const { error } = await lake.runOnce(
    silver(rule('warn', 'true', 'sound'), rule('drop', 'post_id::INTEGER >= 0', 'numbers')),
  );
  expect(error).toMatchObject({
    code: 'engine.rule_invalid',
    fault: 'user',
    message: expect.stringMatching(/"numbers"[\s\S]*abc/),
  });
});

describe('a layer rule', () => {
  const loseMost = rule('drop', `post_id::INTEGER % 100 = 0`, 'lossy');

  it('stops a query that loses posts, with rule, layers and figures', async () => {
    lake.land('a.ndjson', posts(600));
    const { error, run } = await lake.runOnce([...silver(loseMost, kept), query('gold')]);
    expect(error).toMatchObject({
      code: 'engine.rule_failed',
      message: 'rule "posts kept" (bronze → silver): 6 of 600 posts (1 %), expected at least 99 %',
    });
    expect(await count('silver')).toBe(0);
    expect(run.status().map((s) => s.state)).toEqual(['finished', 'failed', 'finished']);
    const again = await lake.runOnce(silver(loseMost, kept));
    expect(again.error).toMatchObject({ code: 'engine.rule_failed' });
    expect((await lake.runOnce(silver(loseMost))).error).toBeUndefined();
    expect(await count('silver')).toBe(12);
  });

  it('judges small batches together, across restarts', async () => {
    const small = (trigger: { kind: 'asap'; minGapMs: number } | { kind: 'available-now' }) => [
      query('bronze', { posts: 100 }),
      query('silver', { posts: 100, expect: [rule('drop', `post_id::INTEGER % 50 <> 0`), kept], trigger }),
    ];
    // 2 % are lost, batch by batch: too few posts to judge before the fifth hundred.
    lake.land('a.ndjson', posts(400));
    const first = await lake.start(small({ kind: 'asap', minGapMs: 0 }));
    for await (const e of first.events.subscribe())
      if (e.type === 'batch_committed' && e.stream === 'silver' && e.progress.batch_id === 3) break;
    await first.close(1_000);
    expect(await count('silver')).toBe(392 * 2);

    lake.land('b.ndjson', posts(100, 400));
    const { error } = await lake.runOnce(small({ kind: 'asap', minGapMs: 0 }));
    expect(error).toMatchObject({ message: expect.stringContaining('490 of 500 posts (98 %)') });
    expect(await count('silver')).toBe(392 * 2);
  });

  it('is judged on fewer posts at the end of available-now', async () => {
    const share: LayerRule = {
      kind: 'layer',
      name: 'coverage',
      layers: 'bronze → silver',
      measure: { among: `contains(text, '@')`, hit: 'size(mentions) = 0' },
      max: 0.2,
      action: 'fail',
    };
    lake.land(
      'a.ndjson',
      posts(49).map((p) => ({ ...p, mentions: [] })),
    );
    expect((await lake.runOnce(silver(share))).error).toBeUndefined();
    lake.land('b.ndjson', posts(1, 49));
    expect((await lake.runOnce(silver(share))).error).toMatchObject({
      code: 'engine.rule_failed',
      message: expect.stringContaining('"coverage" (bronze → silver): 49 of 50 posts (98 %)'),
    });
  });

  it('with warn tells once a breach and goes on', async () => {
    lake.land('a.ndjson', posts(1200));
    const { error, events } = await lake.runOnce([
      query('bronze'),
      query('silver', {
        posts: 600,
        expect: [rule('drop', `post_id::INTEGER % 2 = 0`), { ...kept, action: 'warn' }],
      }),
    ]);
    expect(error).toBeUndefined();
    expect(events.filter((e) => e.type === 'rule_fired' && e.rule === 'posts kept')).toMatchObject([
      { action: 'warn', posts: 600, detail: '300 of 600 posts (50 %), expected at least 99 %' },
    ]);
  });
});
