/** The page's server over real HTTP, on a feed in memory. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Journey, PageState } from '../../src/dashboard/messages.js';
import { type Dashboard, type DashboardOptions, startDashboard } from '../../src/dashboard/server.js';
import { FakeFeed, scored } from './fake-feed.js';

let feed: FakeFeed;
let open: Dashboard[];
let assets: string;

beforeEach(() => {
  feed = new FakeFeed();
  open = [];
  assets = mkdtempSync(join(tmpdir(), 'murmur-page-'));
});
afterEach(async () => {
  for (const page of open) await page.close();
  rmSync(assets, { recursive: true, force: true });
});

async function start(options: Partial<DashboardOptions> = {}): Promise<Dashboard> {
  const page = await startDashboard({ feed, port: 0, assets, ...options });
  open.push(page);
  return page;
}

/** Plain HTTP, because fetch sets some headers as it likes. */
function ask(
  page: Dashboard,
  path: string,
  options: { method?: string; headers?: Record<string, string>; body?: unknown } = {},
): Promise<{ status: number; headers: Record<string, unknown>; body: Buffer; json: () => never }> {
  return new Promise((resolve, reject) => {
    const body = options.body === undefined ? undefined : JSON.stringify(options.body);
    const headers = {
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...options.headers,
    };
    const { method = body === undefined ? 'GET' : 'POST' } = options;
    const sent = request({ host: '127.0.0.1', port: page.port, path, method, headers }, async (response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of response) chunks.push(chunk as Buffer);
      const all = Buffer.concat(chunks);
      const answer = { status: response.statusCode!, headers: response.headers, body: all };
      resolve({ ...answer, json: () => JSON.parse(all.toString()) as never });
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

describe('state', () => {
  it('holds every part, as the feed gave it', async () => {
    feed.parts.posts = [scored('so good 😀 \u2028 @nasa', 'positive', { user: null, timestamp: null })];
    feed.batch({ stream: 'gold', at: 1_700_000_000_000, input_posts: 3, output_rows: 4, duration_ms: 12.5 });
    const answer = await ask(await start(), '/api/state');
    const state: PageState = answer.json();
    const { version, now, ...rest } = state;
    expect(rest).toEqual({ ...feed.parts, history: feed.history.message(), lake: feed.lake });
    expect(version).toMatch(/^\d+\.\d+\.\d+/);
    expect(Math.abs(now - Date.now())).toBeLessThan(60_000);
    expect(answer.headers['content-security-policy']).toContain("default-src 'none'");
  });
});

describe('posts', () => {
  it('go to the feed, and come back as a journey that can be asked for', async () => {
    const page = await start();
    const sent = await ask(page, '/api/posts', { body: { text: 'I love @nasa', user: ' bob ' } });
    expect(sent.status).toBe(202);
    const journey: Journey = sent.json();
    expect(feed.calls).toEqual(['post bob: I love @nasa']);
    feed.reach(journey.post_id, 'bronze');
    const later: Journey = (await ask(page, `/api/posts/${journey.post_id}`)).json();
    expect(Object.keys(later.reached)).toEqual(['landed', 'bronze']);
    expect((await ask(page, '/api/posts/other')).status).toBe(404);
  });

  it.each([
    ['no text', { user: 'ada' }],
    ['blank text', { text: ' \n ' }],
    ['text of another type', { text: 7 }],
    ['too long a text', { text: 'x'.repeat(4001) }],
    ['a user of another type', { text: 'hi', user: ['ada'] }],
    ['no object', 'hi'],
    ['null', null],
  ])('are refused with %s', async (_what, body) => {
    const answer = await ask(await start(), '/api/posts', { body });
    expect(answer.status).toBe(400);
    expect(answer.json()).toMatchObject({ error: { code: 'dashboard.bad_post', fault: 'user' } });
    expect(feed.calls).toEqual([]);
  });

  it('are refused as a form, which any site can send, and when larger than any post', async () => {
    const page = await start();
    const form = await ask(page, '/api/posts', {
      method: 'POST',
      headers: { 'content-type': 'text/plain' },
      body: {},
    });
    expect(form.status).toBe(415);
    expect(form.json()).toMatchObject({ error: { code: 'dashboard.bad_request', fault: 'user' } });
    expect((await ask(page, '/api/posts', { body: { text: 'x'.repeat(70_000) } })).status).toBe(413);
  });
});

describe('streams', () => {
  it('are started and stopped; one that does not exist is not', async () => {
    const page = await start();
    expect((await ask(page, '/api/streams/gold/stop', { method: 'POST' })).status).toBe(204);
    expect((await ask(page, '/api/streams/gold/start', { method: 'POST' })).status).toBe(204);
    const unknown = await ask(page, '/api/streams/lead/stop', { method: 'POST' });
    expect(unknown.status).toBe(404);
    expect(unknown.json()).toMatchObject({ error: { code: 'engine.no_such_query' } });
    expect(feed.calls).toEqual(['stop gold', 'start gold']);
    expect((await ask(page, '/api/streams/gold/stop')).status).toBe(404);
  });
});

describe('who may ask', () => {
  it('only this machine by its own names, so that no foreign name can be pointed at it', async () => {
    const page = await start();
    for (const host of [`localhost:${page.port}`, `127.0.0.1:${page.port}`, '[::1]:1', 'lake.localhost']) {
      expect((await ask(page, '/api/state', { headers: { host } })).status).toBe(200);
    }
    for (const host of ['evil.example', `evil.example:${page.port}`, '127.0.0.1.evil.example', '10.0.0.1']) {
      const answer = await ask(page, '/api/state', { headers: { host } });
      expect(answer.status).toBe(403);
      expect(answer.json()).toMatchObject({ error: { code: 'dashboard.foreign_host' } });
    }
  });

  it('only the page itself, or no browser, may change something', async () => {
    const page = await start();
    const host = `localhost:${page.port}`;
    const send = (headers: Record<string, string>) =>
      ask(page, '/api/posts', { headers: { host, ...headers }, body: { text: 'hi' } });
    expect((await send({})).status).toBe(202);
    expect((await send({ origin: `http://${host}`, 'sec-fetch-site': 'same-origin' })).status).toBe(202);
    for (const headers of [
      { origin: 'http://evil.example' },
      { origin: 'null' },
      { origin: 'http://localhost:1' },
      { 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-site': 'same-site' },
    ]) {
      const answer = await send(headers as Record<string, string>);
      expect(answer.status).toBe(403);
      expect(answer.json()).toMatchObject({ error: { code: 'dashboard.foreign_origin' } });
    }
    expect(feed.calls).toHaveLength(2);
  });

  it('beyond this machine nobody without a token', async () => {
    await expect(start({ host: '0.0.0.0' })).rejects.toMatchObject({
      code: 'dashboard.token_required',
      fault: 'user',
    });
  });

  it('with a token: by header, by cookie, or once by the link', async () => {
    const page = await start({ token: 's3cret+/ü' });
    writeFileSync(join(assets, 'index.html'), '<title>Murmur</title>');
    const none = await ask(page, '/api/state');
    expect(none.status).toBe(401);
    expect(none.json()).toMatchObject({ error: { code: 'dashboard.token_missing' } });
    expect((await ask(page, '/api/state', { headers: { authorization: 'Bearer wrong' } })).status).toBe(401);
    expect((await ask(page, '/?token=wrong')).status).toBe(401);
    expect((await ask(page, '/api/events')).status).toBe(401);
    const bearer = Buffer.from('Bearer s3cret+/ü').toString('latin1');
    expect((await ask(page, '/api/state', { headers: { authorization: bearer } })).status).toBe(200);

    const link = new URL(page.link);
    expect(page.url).not.toContain('s3cret');
    const entry = await ask(page, link.pathname + link.search);
    expect(entry.status).toBe(303);
    expect(entry.headers.location).toBe('/');
    const [cookie] = entry.headers['set-cookie'] as string[];
    expect(cookie).toMatch(/HttpOnly; SameSite=Lax/);
    expect(cookie).not.toContain('s3cret');
    const headers = { cookie: `other=1; ${cookie!.split(';')[0]}` };
    expect((await ask(page, '/api/state', { headers })).status).toBe(200);
    expect((await ask(page, '/api/state', { headers: { cookie: 'murmur-1=x' } })).status).toBe(401);
    expect((await ask(page, '/api/state', { headers: { ...headers, host: 'lake.example' } })).status).toBe(
      200,
    );
  });
});

describe('the port', () => {
  it('is the next free one when it is taken', async () => {
    const first = await start();
    const second = await start({ port: first.port });
    expect(second.port).toBeGreaterThan(first.port);
    expect(second.port).toBeLessThanOrEqual(first.port + 20);
    expect(second.url).toBe(`http://localhost:${second.port}/`);
    expect((await ask(second, '/api/state')).status).toBe(200);
  });

  it('on an address that is not here is refused with what to change', async () => {
    await expect(start({ host: '203.0.113.7', token: 't' })).rejects.toMatchObject({
      code: 'dashboard.bad_address',
      fault: 'user',
    });
  });
});

describe('assets', () => {
  it('are served with their type, gzipped where asked, and not sent again when unchanged', async () => {
    writeFileSync(join(assets, 'index.html'), '<title>Murmur</title>');
    mkdirSync(join(assets, 'assets'));
    writeFileSync(join(assets, 'assets', 'main-abc.js'), 'let a = 1;'.repeat(100));
    const page = await start();
    const index = await ask(page, '/');
    expect(index.body.toString()).toBe('<title>Murmur</title>');
    expect(index.headers).toMatchObject({
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'no-cache',
    });
    const script = await ask(page, '/assets/main-abc.js', { headers: { 'accept-encoding': 'br, gzip' } });
    expect(script.headers).toMatchObject({ 'content-encoding': 'gzip', 'x-content-type-options': 'nosniff' });
    expect(script.headers['cache-control']).toContain('immutable');
    expect(gunzipSync(script.body).toString()).toBe('let a = 1;'.repeat(100));
    const again = await ask(page, '/', { headers: { 'if-none-match': index.headers.etag as string } });
    expect(again.status).toBe(304);
    expect((await ask(page, '/../package.json')).status).toBe(404);
    expect((await ask(page, '/%2e%2e/package.json')).status).toBe(404);
  });

  it('that are not built are named, and the API answers all the same', async () => {
    const page = await start();
    const index = await ask(page, '/');
    expect(index.status).toBe(503);
    expect(index.body.toString()).toContain('npm run build');
    expect((await ask(page, '/api/state')).status).toBe(200);
  });
});
