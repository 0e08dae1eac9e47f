/** `/api/events` over real HTTP: what is sent, how often, and to whom. */
import { type IncomingMessage, request } from 'node:http';
import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { PageState, PageUpdate } from '../../src/dashboard/messages.js';
import { type Dashboard, startDashboard } from '../../src/dashboard/server.js';
import { FakeFeed, mention, scored } from './fake-feed.js';

let feed: FakeFeed;
let page: Dashboard | undefined;

beforeEach(() => {
  feed = new FakeFeed();
});
afterEach(() => page?.close());

async function start(gapMs = 20): Promise<void> {
  page = await startDashboard({ feed, port: 0, assets: '/nowhere', gapMs });
}

interface Reader {
  response: IncomingMessage;
  /** The next event; skips comments. */
  next(): Promise<{ event: string; data: PageState & PageUpdate }>;
  close(): void;
}

function connect(): Promise<Reader> {
  return new Promise((resolve, reject) => {
    const sent = request({ host: '127.0.0.1', port: page!.port, path: '/api/events' }, (response) => {
      const events = readEvents(response);
      resolve({
        response,
        next: async () => (await events.next()).value as never,
        close: () => sent.destroy(),
      });
    });
    sent.on('error', reject);
    sent.end();
  });
}

async function* readEvents(response: IncomingMessage) {
  let text = '';
  response.setEncoding('utf8');
  for await (const chunk of response) {
    text += chunk as string;
    for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
      const lines = text.slice(0, end).split('\n');
      text = text.slice(end + 2);
      const event = lines.find((line) => line.startsWith('event: '))?.slice(7);
      const data = lines.find((line) => line.startsWith('data: '))?.slice(6);
      if (event !== undefined && data !== undefined) yield { event, data: JSON.parse(data) };
    }
  }
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await turn();
}

const point = { stream: 'gold', at: 1_700_000_000_000, input_posts: 1, output_rows: 1, duration_ms: 5 };

describe('a viewer', () => {
  it('is greeted with everything, and then told only what changed', async () => {
    feed.batch(point);
    await start();
    const viewer = await connect();
    expect(viewer.response.headers['content-type']).toContain('text/event-stream');
    expect(viewer.response.headers['x-frame-options']).toBe('DENY');
    const { event, data } = await viewer.next();
    expect(event).toBe('state');
    expect(data).toMatchObject({ ...feed.parts, history: feed.history.message(), lake: feed.lake });

    const talked = [mention('nasa', 3, 0, 1)];
    feed.set('mentions', { talked, positive: talked, negative: [] });
    const update = await viewer.next();
    expect(update.event).toBe('update');
    expect(Object.keys(update.data).sort()).toEqual(['mentions', 'now']);
    expect(update.data.mentions!.talked).toEqual(talked);
  });

  it('gets a storm of changes as one message, in which nothing is missing or twice', async () => {
    await start();
    const viewer = await connect();
    const { data: state } = await viewer.next();
    const reads = { ...feed.reads };
    for (let i = 0; i < 500; i++) {
      feed.batch(point);
      feed.set('posts', [scored(`post ${i}`, 'negative')]);
    }
    const { data } = await viewer.next();
    expect(data.batches!.map((batch) => batch.seq)).toEqual(
      Array.from({ length: 500 }, (_, i) => state.history.seq + i + 1),
    );
    expect(data.posts![0]!.text).toBe('post 499');
    expect(data.history).toBeUndefined();
    expect(feed.reads.posts).toBe(reads.posts + 1);
    expect(feed.reads.mentions).toBe(reads.mentions);
  });

  it('gets messages no closer than the gap', async () => {
    await start(100);
    const viewer = await connect();
    const times = [(await viewer.next()).data.now];
    for (let i = 0; i < 4; i++) {
      feed.batch(point);
      times.push((await viewer.next()).data.now);
    }
    for (let i = 1; i < times.length; i++) expect(times[i]! - times[i - 1]!).toBeGreaterThanOrEqual(95);
  });

  it('that fell far behind gets the whole history instead of batches', async () => {
    await start();
    const viewer = await connect();
    await viewer.next();
    for (let i = 0; i < 3000; i++) feed.batch(point);
    const { data } = await viewer.next();
    expect(data.history!.seq).toBe(3000);
    expect(data.history!.streams.find((s) => s.stream === 'gold')!.all.batches).toEqual([3000]);
    expect(data.batches).toBeUndefined();
    feed.batch(point);
    expect((await viewer.next()).data.batches!.map((batch) => batch.seq)).toEqual([3001]);
  });

  it('follows a typed post', async () => {
    await start();
    const viewer = await connect();
    await viewer.next();
    const { post_id } = await feed.post({ text: 'hi' });
    feed.reach(post_id, 'bronze');
    feed.reach(post_id, 'gold', scored('hi', 'positive'));
    const { data } = await viewer.next();
    expect(data.journeys).toHaveLength(1);
    expect(Object.keys(data.journeys![0]!.reached)).toEqual(['landed', 'bronze', 'gold']);
  });
});

describe('without viewers', () => {
  it('the feed is left alone, before the first and after the last', async () => {
    await start();
    expect(feed.listeners.size).toBe(0);
    const viewer = await connect();
    await viewer.next();
    expect(feed.listeners.size).toBe(1);
    viewer.close();
    await until(() => feed.listeners.size === 0);
    const reads = { ...feed.reads };
    feed.set('posts', []);
    feed.batch(point);
    expect(feed.reads).toEqual(reads);
    const next = await connect();
    expect((await next.next()).data.history.seq).toBe(1);
  });
});

describe('a slow viewer', () => {
  it('costs no memory, delays nobody, and finds the newest state when it is back', async () => {
    await start(1);
    const slow = await connect();
    await slow.next();
    slow.response.pause();
    const swift = await connect();
    await swift.next();

    const big = 'x'.repeat(2_000_000);
    for (let i = 0; i < 60; i++) {
      feed.set('posts', [scored(big, 'neutral', { post_id: `big ${i}` })]);
      feed.batch(point);
      const { data } = await swift.next();
      expect(data.posts![0]!.post_id).toBe(`big ${i}`);
    }
    swift.close();
    await until(() => page !== undefined && feed.listeners.size === 1);
    slow.response.resume();
    const seen: string[] = [];
    let batches = 0;
    while (seen.at(-1) !== 'big 59') {
      const { data } = await slow.next();
      batches += data.batches?.length ?? 0;
      if (data.posts !== undefined) seen.push(data.posts[0]!.post_id);
    }
    expect(seen.length).toBeLessThan(30);
    expect(batches).toBe(60);
  });
});

describe('a feed that cannot be read', () => {
  it('is reported, and the greeting follows when it can', async () => {
    const errors: unknown[] = [];
    const read = feed.read.bind(feed);
    let broken = true;
    feed.read = async (part) => {
      if (broken && part === 'mentions') throw new Error('the disk is gone');
      return read(part);
    };
    page = await startDashboard({
      feed,
      port: 0,
      assets: '/nowhere',
      gapMs: 1,
      onError: (e) => errors.push(e),
    });
    const viewer = await connect();
    await until(() => errors.length > 1);
    broken = false;
    expect((await viewer.next()).event).toBe('state');
  });
});

describe('closing', () => {
  it('ends open connections at once', async () => {
    await start();
    const viewer = await connect();
    await viewer.next();
    const ended = new Promise((resolve) => viewer.response.on('close', resolve));
    await page!.close();
    await ended;
    expect(feed.listeners.size).toBe(0);
  });
});
