/** A crash at any place of a batch, once each: after the next start the tables are those of an undisturbed run. */
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { MurmurError } from '../../src/base/errors.js';
import { armFaultPoint, disarmFaultPoint } from '../../src/base/fault-point.js';
import type { QueryDefinition } from '../../src/engine/engine.js';
import { col, definePlan, sql } from '../../src/engine/plan.js';
import { posts, query, TestLake } from './lake.js';

const lines = [...posts(12), '{ broken', { id_str: '99', user: 'ann' }, ...posts(12, 12)];

function queries(): QueryDefinition[] {
  const noText = { kind: 'row', name: 'has text', rule: 'text is not null', action: 'quarantine' } as const;
  const unlucky = { kind: 'row', name: 'lucky', rule: `post_id <> '13'`, action: 'quarantine' } as const;
  return [
    query('bronze', { expect: [noText], posts: 16 }),
    query('silver', { expect: [unlucky], posts: 14 }),
    tally,
  ];
}

/** A merge behind silver: what `application` does, without the way through gold. */
const tally: QueryDefinition = {
  ...query('application', { posts: 14 }),
  plan: definePlan({
    ...query('application').plan,
    node: {
      op: 'aggregate',
      input: { op: 'read', from: 'silver' },
      keys: ['mention'],
      measures: {
        positive: { fn: 'count_if', when: sql("contains(text, 'good')") },
        negative: { fn: 'count_if', when: sql("contains(text, 'bad')") },
        neutral: { fn: 'count_if', when: sql('false') },
        min_timestamp: { fn: 'min', of: col('timestamp') },
        max_timestamp: { fn: 'max', of: col('timestamp') },
      },
    },
  }),
};

/** Everything that a run may leave behind, but times and ids of the run. */
async function contents(lake: TestLake): Promise<unknown> {
  return lake.sqls([
    'SELECT * EXCLUDE (processing_time) FROM bronze ORDER BY ALL',
    'SELECT * FROM silver ORDER BY ALL',
    'SELECT * FROM application ORDER BY ALL',
    `SELECT * EXCLUDE ("at", batch_id, row), row->>'text' AS text FROM quarantine ORDER BY ALL`,
    `SELECT stream, count(DISTINCT batch_id) = count(*) AS once, sum(input_posts)::BIGINT AS input,
       sum(output_posts)::BIGINT AS output, sum(quarantined_posts)::BIGINT AS quarantined
     FROM progress WHERE stream <> 'application' GROUP BY stream ORDER BY stream`,
  ]);
}

let undisturbed: unknown;
beforeAll(async () => {
  const lake = new TestLake();
  lake.land('a.ndjson', lines);
  await lake.runOnce(queries());
  undisturbed = await contents(lake);
  await lake.remove();
});

let lake: TestLake;
afterEach(async () => {
  disarmFaultPoint();
  await lake.remove();
});

const everyBatch = [
  'after_offsets',
  'after_read',
  'after_write',
  'before_commit',
  'after_commit',
  'after_commits',
];
const points = [
  ...['bronze', 'silver', 'application'].flatMap((stream) => everyBatch.map((point) => `${stream}.${point}`)),
  ...['bronze', 'silver'].flatMap((stream) => [`${stream}.before_quarantine`, `${stream}.after_quarantine`]),
  'progress.before_commit',
  'progress.after_commit',
  'delta.commit.before_put',
  'delta.commit.after_put',
];

describe('a crash at', () => {
  it.each(points)('%s is harmless', async (point) => {
    lake = new TestLake();
    lake.land('a.ndjson', lines);
    let crashed = false;
    armFaultPoint(point, () => {
      crashed = true;
      throw new MurmurError('test.crash', 'a crash', { fault: 'user' });
    });
    await lake.runOnce(queries());
    expect(crashed).toBe(true);
    expect((await lake.runOnce(queries())).error).toBeUndefined();
    expect(await contents(lake)).toEqual(undisturbed);
  });

  it.each(['silver.after_offsets', 'silver.after_write', 'silver.after_commit', 'application.after_commit'])(
    '%s that passes is mended by the next try of the same run',
    async (point) => {
      lake = new TestLake();
      lake.land('a.ndjson', lines);
      armFaultPoint(point, () => {
        throw new MurmurError('test.hiccup', 'a passing fault', { fault: 'external', retry: 'backoff' });
      });
      const { error, events } = await lake.runOnce(queries());
      expect(error).toBeUndefined();
      expect(events.filter((e) => e.type === 'batch_failed').map((e) => e.attempt)).toEqual([1]);
      expect(await contents(lake)).toEqual(undisturbed);
    },
  );
});
