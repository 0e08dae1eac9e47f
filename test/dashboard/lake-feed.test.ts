/** The page's feed from real tables: on yesterday's data, beside a run of this process, and beside one of another. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Broadcast } from '../../src/base/broadcast.js';
import type { FeedChange } from '../../src/dashboard/feed.js';
import { LakeFeed, type LakeFeedOptions } from '../../src/dashboard/lake-feed.js';
import type { LiveRun, RunEvent, RunStatus } from '../../src/dashboard/live-run.js';
import type { BatchProgress } from '../../src/dashboard/messages.js';
import { ControlServer } from '../../src/lake/control-server.js';
import { Lake } from '../../src/lake/lake.js';
import { goldRows, LakeBuilder } from '../lake/lake-builder.js';
import { progress, runModel, status } from './fake-feed.js';

let builder: LakeBuilder;
let lake: Lake;
let feed: LakeFeed;
let errors: unknown[];
let ends: (() => Promise<void>)[];

beforeEach(async () => {
  builder = await LakeBuilder.open();
  lake = new Lake({ dir: builder.dir });
  errors = [];
  ends = [];
});
afterEach(async () => {
  await feed?.close();
  for (const end of ends) await end();
  await lake.close();
  await builder.close();
  expect(errors.slice(0, 3)).toEqual([]);
});

function open(options: Partial<LakeFeedOptions> = {}): LakeFeed {
  feed = new LakeFeed({ lake, lookEveryMs: 5, onError: (error) => errors.push(error), ...options });
  return feed;
}

/** A run that does what the test says. */
function handRun(): { run: LiveRun; events: Broadcast<RunEvent>; calls: string[] } {
  const events = new Broadcast<RunEvent>();
  const calls: string[] = [];
  const run: LiveRun = {
    status: () => ({
      streams: ['bronze', 'silver', 'gold', 'application'].map((name) => status(name, { state: 'running' })),
      model: runModel({ id: 'm/1', swaps: 2 }),
    }),
    events: () => events.subscribe(),
    start: async (name) => void calls.push(`start ${name}`),
    stop: async (name) => void calls.push(`stop ${name}`),
  };
  return { run, events, calls };
}

const yesterday = Date.UTC(2026, 10, 21, 10);

function appendProgress(rows: BatchProgress[]): Promise<number> {
  const values = rows.map((row) => {
    const { stream, batch_id, started_at, duration_ms, input_posts, output_rows } = row;
    return `('${stream}', ${batch_id}, epoch_ms(${started_at})::TIMESTAMP AT TIME ZONE 'UTC', ${duration_ms}, ${input_posts}, ${output_rows})`;
  });
  return builder.append(
    'progress',
    `SELECT * FROM (VALUES ${values.join()}) v(stream, batch_id, started_at, duration_ms, input_posts, output_rows)`,
  );
}

function commit(stream: string, change: Partial<BatchProgress> = {}): RunEvent {
  return { type: 'batch_committed', stream, at: Date.now(), progress: progress(stream, change) };
}

/** Collects what is told until a condition holds. */
async function told(until: (all: FeedChange[]) => boolean, act: () => unknown): Promise<FeedChange[]> {
  const all: FeedChange[] = [];
  const stop = feed.subscribe((change) => all.push(change));
  await act();
  while (!until(all)) await turn();
  stop();
  return all;
}
const tells = (part: string) => (all: FeedChange[]) =>
  all.some((change) => 'part' in change && change.part === part);

describe('without a run', () => {
  it('yesterday stands there: streams at rest, graphs, figures', async () => {
    await builder.append(
      'gold',
      goldRows([{ id: 'a', sentiment: 'positive', at: '2026-11-21', mentions: ['x', 'y'] }]),
      7,
    );
    await appendProgress([
      progress('gold', {
        batch_id: 6,
        started_at: yesterday,
        duration_ms: 40,
        input_posts: 3,
        output_rows: 5,
      }),
      progress('gold', {
        batch_id: 7,
        started_at: yesterday + 60_000,
        duration_ms: 90,
        input_posts: 1,
        output_rows: 2,
      }),
    ]);
    open();
    const { running, streams } = await feed.read('flow');
    expect(running).toBe(false);
    expect(streams.map(({ name, state, batchId }) => [name, state, batchId])).toEqual([
      ['bronze', 'stopped', null],
      ['silver', 'stopped', null],
      ['gold', 'stopped', 7],
      ['application', 'stopped', null],
    ]);
    expect(streams[2]!.lastProgress).toMatchObject({
      batch_id: 7,
      duration_ms: 90,
      started_at: yesterday + 60_000,
    });
    const gold = (await feed.read('history')).streams.find(({ stream }) => stream === 'gold')!;
    expect(gold.all).toMatchObject({
      batches: [1, 1],
      input_posts: [3, 1],
      output_rows: [5, 2],
      duration_ms: [40, 90],
    });
    expect((await feed.read('posts')).map(({ post_id }) => post_id)).toEqual(['a']);
    expect((await feed.read('sentiment')).buckets).toHaveLength(1);
    expect((await feed.read('tables')).find(({ table }) => table === 'gold')).toMatchObject({
      rows: 2,
      version: 1,
    });
    await expect(feed.stop('gold')).rejects.toMatchObject({
      code: 'dashboard.not_running',
      fix: 'murmur run',
    });
  });

  it('tables that others write are told, and only what they show', async () => {
    open();
    await told(tells('mentions'), () => {});
    const seen: string[] = [];
    // Each telling of posts is answered by a reading, as the server does it.
    const all: FeedChange[] = [];
    const stop = feed.subscribe(async (change) => {
      all.push(change);
      if ('part' in change && change.part === 'posts') {
        for (const { post_id } of await feed.read('posts')) seen.push(post_id);
      }
    });
    await builder.append('gold', goldRows([{ id: 'a', sentiment: 'negative', at: '2026-11-21' }]));
    await expect.poll(() => seen, { timeout: 10_000 }).toContain('a');
    expect(tells('mentions')(all)).toBe(false);
    stop();
    await told(tells('history'), () => appendProgress([progress('gold', { started_at: yesterday })]));
    await expect.poll(async () => goldBatches(), { timeout: 10_000 }).toEqual([1]);
  });

  it('how right the models were stands there too, with what the last batch told of its scoring', async () => {
    const scored = (label: string, post: string) =>
      `SELECT '${post}' AS post_id, 'files' AS source, 'a text' AS "text", '${label}' AS sentiment, 'm/1' AS model,
         'positive' AS predicted_sentiment, 90::DOUBLE AS predicted_score, '2026-11-21'::TIMESTAMPTZ AS scored_at`;
    open({ driftLimit: 0.1 });
    expect(await feed.read('quality')).toBeNull();
    await expect.poll(() => feed.read('quality')).toMatchObject({ version: null, models: [], last: null });
    const shadow = { model: 's/2', sampled: 4, scored: 3, agreed: 2 };
    const drift = { posts: 500, score_psi: 0.01, length_psi: 0.3, class_psi: 0, shares: {} };
    const model = { id: 'm/1', digest: 'd' };
    const report = (scoring: object) => JSON.stringify({ model, scoring: { model: 'm/1', ...scoring } });
    await told(tells('quality'), () =>
      builder.append('gold', scored('positive', 'a'), 0, report({ shadow, drift: null })),
    );
    await builder.append('gold', scored('negative', 'b'), 1, report({ shadow, drift }));
    await builder.append('gold', scored('neutral', 'c'), undefined, '{"maintenance":true}');
    await expect.poll(async () => (await feed.read('quality'))?.posts, { timeout: 10_000 }).toBe(3);
    expect(await feed.read('quality')).toMatchObject({
      labelled: 3,
      models: [{ model: 'm/1', evaluated: 3, accuracy: 1 / 3, scored_from: Date.UTC(2026, 10, 21) }],
      last: { model: 'm/1', digest: 'd', shadow: { model: 's/2', sampled: 8, scored: 6, agreed: 4 }, drift },
      drift_limit: 0.1,
    });
  });

  async function goldBatches(): Promise<number[]> {
    const { streams } = await feed.read('history');
    return streams.find(({ stream }) => stream === 'gold')!.all.batches;
  }
});

describe('beside a run of this process', () => {
  it('its status is shown and its streams are switched', async () => {
    const { run, calls, events } = handRun();
    open({ run });
    expect(await feed.read('flow')).toEqual({ running: true, ...(await run.status()) });
    await feed.stop('gold');
    await feed.start('gold');
    expect(calls).toEqual(['stop gold', 'start gold']);
    await told(tells('flow'), () => events.close());
    expect((await feed.read('flow')).running).toBe(false);
  });

  it('batches are numbered and told; one that the table holds already counts once', async () => {
    const old = progress('gold', { batch_id: 1, started_at: yesterday, input_posts: 2 });
    await appendProgress([old]);
    const { run, events } = handRun();
    open({ run });
    const changes = await told(
      (all) => all.filter((change) => 'batch' in change).length === 2,
      () => {
        events.emit({ type: 'batch_committed', stream: 'gold', at: yesterday, progress: old });
        events.emit(commit('gold', { started_at: yesterday + 1000, input_posts: 3 }));
        events.emit(commit('silver', { input_posts: 4 }));
      },
    );
    const batches = changes.flatMap((change) => ('batch' in change ? [change.batch] : []));
    expect(batches.map(({ stream, input_posts }) => [stream, input_posts])).toEqual([
      ['gold', 3],
      ['silver', 4],
    ]);
    const { seq, streams } = await feed.read('history');
    expect(batches.map((batch) => batch.seq)).toEqual([seq - 1, seq]);
    expect(streams.find(({ stream }) => stream === 'gold')!.all.input_posts).toEqual([2, 3]);
    expect(tells('mentions')(changes)).toBe(false);
    expect(tells('posts')(changes)).toBe(true);
  });
});

describe('beside a run of another process', () => {
  it('it is found, followed and switched, and its end is seen', async () => {
    open();
    expect((await feed.read('flow')).running).toBe(false);
    const { run, events, calls } = handRun();
    const server = await ControlServer.claim(lake.paths.socket);
    ends.push(() => server.close());
    server.serve({
      status: () => ({ pid: 1, runId: 'r', startedAt: 5, page: null, ...(run.status() as RunStatus) }),
      start: run.start,
      stop: run.stop,
      close() {},
      events: () => run.events(),
    });
    expect(await feed.read('flow')).toEqual({ running: true, ...(await run.status()) });
    await feed.stop('silver');
    expect(calls).toEqual(['stop silver']);
    await told(
      (all) => all.some((change) => 'batch' in change),
      () => events.emit(commit('silver')),
    );
    await told(tells('flow'), () => events.close());
    await server.close();
    ends.pop();
    expect((await feed.read('flow')).running).toBe(false);
  });
});

describe('a typed post', () => {
  const columns = (id: string) => `'${id}' AS post_id, 'page' AS source`;

  it('lands whole, as a post of the page, in a folder that need not be there', async () => {
    open({ now: () => yesterday });
    const { post_id, reached, text } = await feed.post({ text: 'hi \ud800 @ann\nbye', user: 'bob' });
    expect({ reached, text }).toEqual({ reached: { landed: yesterday }, text: 'hi \ud800 @ann\nbye' });
    const files = readdirSync(lake.paths.landing);
    expect(files).toEqual([`${post_id}.ndjson`]);
    const lines = readFileSync(join(lake.paths.landing, files[0]!), 'utf8').split('\n');
    expect(lines).toHaveLength(2);
    expect(JSON.parse(lines[0]!)).toEqual({
      post_id,
      date: '2026-11-21T10:00:00.000Z',
      user: 'bob',
      text: 'hi \ufffd @ann\nbye',
      source: 'page',
    });
    expect(await feed.journey('page-of-another')).toBeUndefined();
  });

  it('is followed from table to table as they are committed', async () => {
    const { run, events } = handRun();
    open({ run });
    const { post_id } = await feed.post({ text: 'I love @ann' });
    const reached = async (stage: string) => {
      const changes = await told(
        (all) => all.some((change) => 'journey' in change && stage in change.journey.reached),
        () => events.emit(commit(stage)),
      );
      return changes.flatMap((change) => ('journey' in change ? [change.journey] : [])).at(-1)!;
    };
    await builder.append('bronze', `SELECT ${columns(post_id)}, 'I love @ann' AS "text"`);
    expect(Object.keys((await reached('bronze')).reached)).toEqual(['landed', 'bronze']);
    await builder.append('silver', `SELECT ${columns(post_id)}, 'I love @ann' AS "text", 'ann' AS mention`);
    await reached('silver');
    const when = '2026-11-21 10:00:00';
    await builder.append(
      'gold',
      `SELECT ${columns(post_id)}, 'I love @ann' AS "text", 'ann' AS mention, '${when}'::TIMESTAMPTZ AS "timestamp",
         'positive' AS predicted_sentiment, 98.5::DOUBLE AS predicted_score, 'm/1' AS model, '${when}'::TIMESTAMPTZ AS scored_at`,
    );
    const counts = (last: string) =>
      `SELECT 'ann' AS mention, 1::BIGINT AS positive, 0::BIGINT AS negative, 0::BIGINT AS neutral, '${last}'::TIMESTAMPTZ AS max_timestamp`;
    await builder.append('application', counts('2026-11-21 09:59:59'));
    const scored = await reached('gold');
    expect(scored.scored).toEqual({
      post_id,
      user: null,
      text: 'I love @ann',
      predicted_sentiment: 'positive',
      predicted_score: 98.5,
      timestamp: Date.UTC(2026, 10, 21, 10),
      scored_at: Date.UTC(2026, 10, 21, 10),
      model: 'm/1',
    });
    expect(scored.reached.application).toBeUndefined();
    await builder.overwrite('application', counts(when));
    expect(Object.keys((await reached('application')).reached)).toEqual([
      'landed',
      'bronze',
      'silver',
      'gold',
      'application',
    ]);
  });

  it('that a rule takes out says so', async () => {
    const { run, events } = handRun();
    open({ run });
    const { post_id } = await feed.post({ text: '…' });
    await builder.append(
      'quarantine',
      `SELECT 'silver' AS stream, 'no letters' AS rule, 'text has none' AS reason, '${post_id}' AS post_id`,
    );
    await told(
      (all) => all.some((change) => 'journey' in change && change.journey.quarantined !== null),
      () => events.emit(commit('silver', { quarantined_posts: 1 })),
    );
    expect((await feed.journey(post_id))!.quarantined).toEqual({
      rule: 'no letters',
      reason: 'text has none',
    });
  });

  it('is found when asked for, without a run and without events', async () => {
    open();
    const { post_id } = await feed.post({ text: 'hi' });
    await builder.append('bronze', `SELECT ${columns(post_id)}, 'hi' AS "text"`);
    expect(Object.keys((await feed.journey(post_id))!.reached)).toEqual(['landed', 'bronze']);
  });

  it('is refused where the landing place takes no JSON, or cannot be written', async () => {
    open({ format: 'csv' });
    await expect(feed.post({ text: 'hi' })).rejects.toMatchObject({
      code: 'dashboard.other_format',
      fault: 'user',
    });
    await feed.close();
    const blocked = new Lake({ dir: builder.dir, landing: 'murmur.yaml/landing' });
    writeFileSync(join(builder.dir, 'murmur.yaml'), '');
    feed = new LakeFeed({ lake: blocked });
    await expect(feed.post({ text: 'hi' })).rejects.toMatchObject({
      code: 'dashboard.landing_unwritable',
      fault: 'external',
    });
  });
});
