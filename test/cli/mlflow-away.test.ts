/** A command whose MLflow does not answer says so soon: somebody sits there and waits. */
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { call, callFailure } from './call.js';

const dir = realpathSync(mkdtempSync(join(tmpdir(), 'murmur-away-')));
const lake = join(dir, 'lake');
let asked: string[] = [];
let server: Server;
let uri: string;

beforeAll(async () => {
  server = createServer((request, response) => {
    asked.push(request.url ?? '');
    response.writeHead(503, { 'retry-after': '0' }).end();
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  uri = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  writeFileSync(join(dir, 'rows.tsv'), 'text\tlabel\ngreat\tpositive\nawful\tnegative\n');
  await call(['init', 'lake'], { cwd: dir });
});
beforeEach(() => {
  asked = [];
});
afterAll(async () => {
  await new Promise((closed) => server.close(closed));
  rmSync(dir, { recursive: true, force: true });
});

it.each([
  ['of a lake', lake, ['model', 'ls']],
  ['of a lake', lake, ['model', 'promote', 'sentiment', '2']],
  ['of a lake', lake, ['model', 'rollback', 'sentiment']],
  ['of no lake', dir, ['model', 'show', '--model', 'models:/sentiment/1']],
])('%s: %s %j gives up after three tries', async (_, cwd, args) => {
  expect(await callFailure(args, { cwd, env: { MLFLOW_TRACKING_URI: uri } })).toMatchObject({
    fault: 'external',
    message: expect.stringContaining(uri),
  });
  expect(asked.length).toBeGreaterThan(1);
  expect(asked.length).toBeLessThanOrEqual(3);
});

it.each([
  ['a lake', lake],
  ['no lake', dir],
])('an evaluation of %s that cannot be logged is told all the same', async (_, cwd) => {
  const args = ['model', 'evaluate', 'lexicon', '--data', join(dir, 'rows.tsv')];
  const { code, stdout, stderr } = await call(args, { cwd, env: { MLFLOW_TRACKING_URI: uri } });
  expect([code, stdout]).toEqual([0, expect.stringContaining('macro recall')]);
  expect(stderr).toContain('not logged to MLflow');
  // A try when it begins, and another one at its end.
  expect(asked.length).toBeLessThanOrEqual(6);
});
