/** Talking to a running pipeline: requests, errors and events over a real socket. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, expect, it } from 'vitest';
import { Broadcast } from '../../src/base/broadcast.js';
import { MurmurError } from '../../src/base/errors.js';
import { ControlClient } from '../../src/lake/control-client.js';
import { encodeLine, LineReader } from '../../src/lake/control-protocol.js';
import { ControlServer } from '../../src/lake/control-server.js';

const dir = mkdtempSync(join(tmpdir(), 'murmur-control-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

let base: string;
let server: ControlServer;
let client: ControlClient;
let asked: string[];
let events: Broadcast<object>;
let lakes = 0;

beforeEach(async () => {
  base = join(dir, `${lakes++}`, 'control.sock');
  asked = [];
  events = new Broadcast();
  server = await ControlServer.claim(base);
  client = (await ControlClient.connect(base))!;
});
afterEach(async () => {
  client.close();
  await server.close();
});

function serve() {
  server.serve({
    status: () => ({ pid: 1, runId: 'r', startedAt: 5, page: null, streams: [{ name: 'gold' }] }),
    start: async (stream) => void asked.push(`start ${stream}`),
    async stop(stream) {
      if (stream === 'lead') {
        throw new MurmurError('engine.no_such_query', 'stopping lead: no such stream', {
          fault: 'user',
          fix: 'gold?',
        });
      }
      asked.push(`stop ${stream}`);
    },
    close() {
      asked.push('close');
      void server.close();
    },
    events: () => events.subscribe(),
  });
}

it('requests are answered in turn, those from before the run began too', async () => {
  const early = client.status();
  expect(await client.hello()).toEqual({ pid: process.pid });
  serve();
  expect(await early).toEqual({ pid: 1, runId: 'r', startedAt: 5, page: null, streams: [{ name: 'gold' }] });
  await client.stop('gold');
  await client.start('gold');
  expect(asked).toEqual(['stop gold', 'start gold']);
});

it('an error travels with its code, fault and fix', async () => {
  serve();
  await expect(client.stop('lead')).rejects.toMatchObject({
    code: 'engine.no_such_query',
    fault: 'user',
    message: 'stopping lead: no such stream',
    fix: 'gold?',
  });
});

it('events come to everyone who subscribed, errors in them by their code, and end with the run', async () => {
  serve();
  const other = (await ControlClient.connect(base))!;
  const read = async (from: ControlClient) => {
    const seen: unknown[] = [];
    for await (const event of from.events()) seen.push(event);
    return seen;
  };
  const all = Promise.all([read(client), read(other)]);
  await Promise.all([client.hello(), other.hello()]);
  events.emit({ n: 1 });
  events.emit({ error: new MurmurError('a.b', 'failing', { fault: 'external' }) });
  events.close();
  const expected = [{ n: 1 }, { error: { code: 'a.b', fault: 'external', message: 'failing', fix: null } }];
  expect(await all).toEqual([expected, expected]);
});

it('closing the run waits until the lake is free', async () => {
  serve();
  await client.closeRun();
  expect(asked).toEqual(['close']);
  expect(await ControlClient.connect(base)).toBeUndefined();
  await expect(client.status()).rejects.toMatchObject({ code: 'lake.run_ended' });
});

it('garbage ends only the connection that it came over', async () => {
  serve();
  const { connect } = await import('node:net');
  const rude = connect(`${base}.1`);
  const gone = new Promise((resolve) => rude.once('close', resolve));
  rude.write('GET / HTTP/1.1\n\n');
  await gone;
  expect((await client.status()).runId).toBe('r');
});

it('lines are found however the bytes are cut', () => {
  const text = encodeLine({ id: 1, result: 'ä\n😀' }) + encodeLine({ id: 2, result: null });
  for (let cut = 0; cut <= text.length; cut++) {
    const reader = new LineReader();
    expect([...reader.push(text.slice(0, cut)), ...reader.push(text.slice(cut))]).toEqual([
      { id: 1, result: 'ä\n😀' },
      { id: 2, result: null },
    ]);
  }
});
