/** What the page makes of messages: the same as the server holds, whatever comes in between. */
import { describe, expect, it } from 'vitest';
import { BatchHistory } from '../../src/dashboard/batch-history.js';
import type { Journey, PageState } from '../../src/dashboard/messages.js';
import { flowSentence, waitingText } from '../../src/dashboard/ui/flow-state.js';
import { modelOf, type PageModel, updated, withJourney } from '../../src/dashboard/ui/page-model.js';
import { streamLines, trailingMean } from '../../src/dashboard/ui/series-view.js';
import { FakeFeed, progress, scored, status, streams } from './fake-feed.js';

const now = 1_800_000_000_000;
const batch = (at: number, stream = 'gold') => ({
  stream,
  at,
  input_posts: 2,
  output_rows: 3,
  duration_ms: 40,
});

function state(history: BatchHistory, change: Partial<PageState> = {}): PageState {
  const { parts, lake } = new FakeFeed();
  return { ...parts, history: history.message(), lake, version: '1.0.0', now, ...change };
}

function held(model: PageModel) {
  return [...model.series].map(([stream, { recent, all }]) => ({
    stream,
    recent: recent.columns(),
    all: all.columns(),
  }));
}

describe('the model', () => {
  it('grows batch by batch into what the server holds, through JSON, and takes none twice', () => {
    const history = new BatchHistory(streams);
    for (let i = 0; i < 900; i++) history.add(batch(now + i * 1000));
    let model = modelOf(JSON.parse(JSON.stringify(state(history))), [], now);
    const points = Array.from({ length: 400 }, (_, i) =>
      history.add(batch(now + (900 + i) * 1000, i % 2 ? 'gold' : 'silver')),
    );
    for (let i = 0; i < points.length; i += 7) {
      const batches = points.slice(Math.max(0, i - 3), i + 7);
      model = updated(model, JSON.parse(JSON.stringify({ now, batches })), now);
    }
    expect(held(model)).toEqual(history.message().streams);
    expect(model.historySeq).toBe(1300);
  });

  it('takes whole parts as they come and keeps the others', () => {
    const before = modelOf(state(new BatchHistory(streams)), [], now - 500);
    const posts = [scored('hi', 'positive')];
    const after = updated(before, { now: now + 1000, posts }, now + 400);
    expect(after.posts).toBe(posts);
    expect(after.mentions).toBe(before.mentions);
    expect([before.clockOffset, after.clockOffset]).toEqual([500, 600]);
  });

  it('follows the journeys that were begun here, and no others', () => {
    const begun: Journey = {
      post_id: 'a',
      text: 'hi',
      reached: { landed: 1 },
      scored: null,
      quarantined: null,
    };
    const further: Journey = { ...begun, reached: { bronze: 2 } };
    expect(withJourney([], further, false)).toEqual([]);
    const mine = withJourney([], begun, true);
    expect(withJourney(mine, further, false)[0]!.reached).toEqual({ landed: 1, bronze: 2 });
    // The answer to a typed post may come behind the first event of its journey.
    expect(withJourney(withJourney([], further, true), begun, true)[0]!.reached).toEqual({
      landed: 1,
      bronze: 2,
    });
  });
});

describe('lines', () => {
  it('of all streams share one axis, though their widths differ', () => {
    const history = new BatchHistory(streams);
    history.add(batch(now - 900_000, 'silver'));
    history.add(batch(now - 20_000, 'silver'));
    for (let i = 30; i > 10; i--) history.add(batch(now - i * 1000));
    const { series } = modelOf(state(history), [], now);
    const lines = streamLines([series.get('silver')!, series.get('gold')!], 'all', now);
    expect(lines.widthMs).toBe(5000);
    for (const line of [...lines.rows, ...lines.durations]) expect(line).toHaveLength(lines.at.length);
    const total = (line: number[]) =>
      Math.round(line.reduce((sum, value) => sum + value, 0) * (lines.widthMs / 1000));
    expect(lines.rows.map(total)).toEqual([6, 60]);
    expect(new Set(lines.durations[1]!.filter((ms) => ms !== null))).toEqual(new Set([40]));
  });

  it('of the last ten minutes end a moment ago and reach back no further', () => {
    const history = new BatchHistory(streams);
    for (let i = 0; i < 2000; i++) history.add(batch(now - i * 1000));
    const { series } = modelOf(state(history), [], now);
    const { at, rows } = streamLines([series.get('gold')!], 'recent', now);
    expect(at.length).toBeGreaterThan(590);
    expect(at[0]! * 1000).toBeGreaterThanOrEqual(now - 601_000);
    expect(at.at(-1)! * 1000).toBeLessThan(now);
    expect(new Set(rows[0])).toEqual(new Set([3]));
  });

  it('of nothing are empty', () => {
    expect(streamLines([], 'recent', now).at).toEqual([]);
  });

  it('are smoothed by the mean of what came before', () => {
    expect(trailingMean([4, 0, 2, 6], 2)).toEqual([4, 2, 1, 4]);
  });
});

describe('the sentence', () => {
  const table = { table: 'bronze', rows: 12_403, version: 3, files: 1, bytes: 1, updatedAt: now };
  const posts = [scored('hi', 'positive')];
  const say = (change: Partial<PageState>, history = new BatchHistory(streams)) =>
    flowSentence(modelOf(state(history, change), [], now), now);
  const running = (change = {}) => ({
    running: true,
    streams: [status('bronze', change), status('gold')],
    model: null,
  });

  it('tells how fast posts flow', () => {
    const history = new BatchHistory(streams);
    for (let i = 0; i < 30; i++) history.add({ ...batch(now - i * 1000, 'bronze'), input_posts: 18 });
    expect(say({ flow: running(), posts, tables: [table] }, history)).toMatchObject({
      tone: 'flowing',
      head: 'Flowing: 18 posts a second.',
      detail: '12,403 posts so far',
    });
  });

  it('tells of rest, and since when', () => {
    const lastProgress = progress('bronze', { started_at: now - 90_000, duration_ms: 0 });
    const { tone, head, detail } = say({ flow: running({ lastProgress }), posts, tables: [table] });
    expect([tone, head]).toEqual(['quiet', 'All caught up.']);
    expect(detail).toContain('The last post came 1 min ago.');
  });

  it('tells what to do where there is nothing', () => {
    expect(say({ flow: running() })).toMatchObject({
      tone: 'quiet',
      head: 'Ready. Nothing has arrived yet.',
    });
    const resting = { running: false, streams: [status('bronze', { state: 'stopped' })], model: null };
    expect(say({ flow: resting })).toMatchObject({ tone: 'stopped', command: 'murmur run' });
    expect(say({ flow: resting, posts }).head).toBe('The pipeline is not running.');
  });

  it('names the stream that stands still, with the reason and the way out', () => {
    const error = {
      code: 'x',
      fault: 'user',
      message: 'reading the model: no such file',
      fix: 'put it back',
    };
    expect(say({ flow: running({ state: 'failed', error }), posts })).toMatchObject({
      tone: 'failed',
      head: 'Bronze stopped on an error.',
      detail: 'Reading the model: no such file. Put it back.',
    });
    expect(say({ flow: running({ state: 'stopped' }), posts }).head).toBe('Bronze is stopped.');
  });
});

it('a stream that does not run does not say that nothing waits', () => {
  const stream = { ...status('gold'), backlogFiles: 0 };
  expect(waitingText(stream, true)).toBe('nothing');
  expect(waitingText({ ...stream, backlogFiles: 1 }, true)).toBe('1 file');
  expect(waitingText({ ...stream, state: 'stopped' }, true)).toBe('not looked at');
  expect(waitingText({ ...stream, state: 'failed', backlogFiles: 3 }, true)).toBe('not looked at');
  expect(waitingText(stream, false)).toBe('not looked at');
});
