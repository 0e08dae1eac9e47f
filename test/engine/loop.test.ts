/** The life of queries: triggers, waking, stopping and starting, tries, and the sentences that people read. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { MurmurError } from '../../src/base/errors.js';
import { armFaultPoint, disarmFaultPoint } from '../../src/base/fault-point.js';
import type { EmbeddedRun } from '../../src/engine/embedded/index.js';
import type { QueryEvent, QueryStatus } from '../../src/engine/engine.js';
import { LexiconScorer } from '../../src/scoring/lexicon-scorer.js';
import { posts, query, TestLake } from './lake.js';
import { ManualClock } from './manual-clock.js';

let lake: TestLake;
beforeEach(() => {
  lake = new TestLake();
});
afterEach(async () => {
  disarmFaultPoint();
  await lake.remove();
});

const asap = { kind: 'asap', minGapMs: 0 } as const;
const status = (run: EmbeddedRun, name: string): QueryStatus => run.status().find((s) => s.name === name)!;

/** Resolves with the first event from now on, or already told, that fits. */
function waiter(run: EmbeddedRun) {
  const told: QueryEvent[] = [];
  const waiting = new Set<() => void>();
  void (async () => {
    for await (const event of run.events.subscribe(100_000)) {
      told.push(event);
      for (const look of [...waiting]) look();
    }
  })();
  return <T extends QueryEvent>(fits: (event: QueryEvent) => boolean): Promise<T> =>
    new Promise((resolve) => {
      const look = () => {
        const found = told.find(fits);
        if (!found) return;
        waiting.delete(look);
        resolve(found as T);
      };
      waiting.add(look);
      look();
    });
}
const committed = (stream: string, batchId: number) => (e: QueryEvent) =>
  e.type === 'batch_committed' && e.stream === stream && e.progress.batch_id === batchId;
const says = (stream: string, message: string) => (e: QueryEvent) =>
  e.type === 'state_changed' && e.stream === stream && e.message === message;

describe('a running pipeline', () => {
  it('takes up what lands, and a commit wakes the next query', async () => {
    const run = await lake.start([query('bronze', { trigger: asap }), query('silver', { trigger: asap })]);
    const until = waiter(run);
    await until(says('bronze', 'waits for new files in landing/'));
    await until(says('silver', 'waits for new rows in bronze'));
    lake.land('a.ndjson', posts(3));
    await until(committed('silver', 0));
    lake.land('b.ndjson', posts(3, 3));
    await until(committed('silver', 1));
    expect(status(run, 'silver')).toMatchObject({
      batchId: 1,
      totals: { batches: 2, input_posts: 6, output_posts: 6, output_rows: 12 },
      error: null,
    });
    await run.close(1_000);
    await run.done;
    expect(run.status().map((s) => [s.state, s.message])).toEqual([
      ['stopped', 'stopped'],
      ['stopped', 'stopped'],
    ]);
  });

  it('stops and starts one query while the other goes on', async () => {
    const run = await lake.start([query('bronze', { trigger: asap }), query('silver', { trigger: asap })]);
    const until = waiter(run);
    lake.land('a.ndjson', posts(2));
    await until(committed('silver', 0));
    await run.stop('silver');
    expect(status(run, 'silver')).toMatchObject({ state: 'stopped', message: 'stopped' });
    lake.land('b.ndjson', posts(2, 2));
    await until(committed('bronze', 1));
    expect(await lake.sql('SELECT count(*) AS n FROM silver')).toEqual([{ n: 4 }]);
    await run.start('silver');
    await until(committed('silver', 1));
    expect(await lake.sql('SELECT count(*) AS n FROM silver')).toEqual([{ n: 8 }]);
    await expect(run.stop('brass')).rejects.toMatchObject({
      code: 'engine.no_such_query',
      fix: expect.stringContaining('bronze, silver'),
    });
  });

  it('ends when the last query was stopped', async () => {
    const run = await lake.start([query('bronze', { trigger: asap })]);
    await run.stop('bronze');
    await expect(run.done).resolves.toBeUndefined();
  });
});

describe('a trigger', () => {
  it('leaves the time between batch starts that it says', async () => {
    const clock = new ManualClock();
    lake.land('a.ndjson', posts(3));
    const run = await lake.start(
      [query('bronze', { trigger: { kind: 'interval', everyMs: 600_000 }, posts: 2 })],
      { clock },
    );
    const until = waiter(run);
    await until(committed('bronze', 0));
    await clock.sleeper(600_000);
    expect(status(run, 'bronze').batchId).toBe(0);
    clock.advance(600_000);
    await until(committed('bronze', 1));
  });
});

it('progress is written every five seconds while a pipeline runs', async () => {
  const clock = new ManualClock();
  lake.land('a.ndjson', posts(3));
  const run = await lake.start([query('bronze', { trigger: asap })], { clock });
  const until = waiter(run);
  await until(committed('bronze', 0));
  expect(await lake.sql('SELECT count(*) AS n FROM progress')).toEqual([{ n: 0 }]);
  clock.advance(5_000);
  await clock.sleeper(5_000);
  expect(await lake.sql('SELECT stream, batch_id, input_posts FROM progress')).toEqual([
    { stream: 'bronze', batch_id: 0, input_posts: 3 },
  ]);
});

describe('a batch that fails', () => {
  const failing = (error: () => MurmurError, times: number, point = 'silver.after_read') => {
    const arm = (left: number) =>
      armFaultPoint(point, () => {
        if (left > 1) arm(left - 1);
        throw error();
      });
    arm(times);
  };

  it('is tried three times; then its query stops, and its neighbours do not', async () => {
    lake.land('a.ndjson', posts(3));
    failing(() => new MurmurError('test.disk', 'a bad disk', { fault: 'external' }), 3);
    const { error, events, run } = await lake.runOnce([query('bronze'), query('silver'), query('gold')]);
    expect(error).toMatchObject({ code: 'test.disk' });
    expect(events.flatMap((e) => (e.type === 'batch_failed' ? [[e.stream, e.attempt]] : []))).toEqual([
      ['silver', 1],
      ['silver', 2],
      ['silver', 3],
    ]);
    expect(run.status().map((s) => [s.state, s.message])).toEqual([
      ['finished', 'has read everything that was there'],
      ['failed', 'failed: a bad disk'],
      ['finished', 'has read everything that was there'],
    ]);
    expect(status(run, 'silver').error).toEqual({
      code: 'test.disk',
      fault: 'external',
      message: 'a bad disk',
      fix: null,
    });
  });

  it('goes through when a later try does, with nothing twice', async () => {
    lake.land('a.ndjson', posts(3));
    failing(() => new MurmurError('test.disk', 'a bad disk', { fault: 'external' }), 2);
    const { error, run } = await lake.runOnce([query('bronze'), query('silver')]);
    expect(error).toBeUndefined();
    expect(status(run, 'silver').totals).toMatchObject({ batches: 1, output_posts: 3 });
    expect(await lake.sql('SELECT count(*) AS n FROM silver')).toEqual([{ n: 6 }]);
  });

  it('is not tried again when only the user can help', async () => {
    lake.land('a.ndjson', posts(3));
    failing(() => new MurmurError('test.config', 'a wrong option', { fault: 'user' }), 3);
    const { events } = await lake.runOnce([query('bronze'), query('silver')]);
    expect(events.filter((e) => e.type === 'batch_failed')).toHaveLength(1);
  });
});

describe('closing', () => {
  it('lets a running batch commit', async () => {
    lake.land('a.ndjson', posts(4));
    const scorer = new SlowScorer();
    const run = await lake.start([query('bronze'), query('silver'), query('gold', { trigger: asap })], {
      scorer: async () => scorer,
    });
    await scorer.asked;
    const closing = run.close(60_000);
    expect(status(run, 'gold')).toMatchObject({ state: 'stopping', message: 'finishes batch 0, then stops' });
    scorer.release();
    await closing;
    expect(status(run, 'gold')).toMatchObject({ state: 'stopped', batchId: 0 });
    expect(await lake.sql('SELECT count(*) AS n FROM gold')).toEqual([{ n: 8 }]);
  });

  it('abandons a batch that takes too long; the next start replays it', async () => {
    lake.land('a.ndjson', posts(4));
    const scorer = new SlowScorer();
    const queries = [query('bronze'), query('silver'), query('gold', { trigger: asap })];
    const run = await lake.start(queries, { scorer: async () => scorer });
    await scorer.asked;
    await run.close(0);
    expect(status(run, 'gold')).toMatchObject({
      state: 'stopped',
      message: 'stopped; batch 0 was abandoned and will be replayed',
      error: null,
    });
    await expect(run.done).resolves.toBeUndefined();
    expect(await lake.sql('SELECT count(*) AS n FROM gold')).toEqual([{ n: 0 }]);
    const { run: second } = await lake.runOnce([query('bronze'), query('silver'), query('gold')]);
    expect(status(second, 'gold')).toMatchObject({ batchId: 0, totals: { batches: 1, output_rows: 8 } });
  });
});

/** Scores when it is released; gives up when it is told to. */
class SlowScorer extends LexiconScorer {
  release: () => void = () => undefined;
  #tell: () => void = () => undefined;
  readonly asked = new Promise<void>((resolve) => {
    this.#tell = resolve;
  });

  override async score(texts: readonly string[], signal?: AbortSignal) {
    this.#tell();
    await new Promise<void>((resolve, reject) => {
      this.release = resolve;
      signal?.addEventListener('abort', () => reject(signal.reason));
    });
    return super.score(texts, signal);
  }
}
