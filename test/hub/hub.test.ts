import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Clock } from '../../src/base/clock.js';
import { isMurmurError, type MurmurError } from '../../src/base/errors.js';
import { downloadFiles, openRepository } from '../../src/hub/index.js';
import { temporaryFolder } from '../scoring/tiny-export.js';
import { commit, FakeHub } from './fake-hub.js';

const name = 'someone/some-model';
const big = randomBytes(300_000);
const files = {
  'config.json': Buffer.from('{"a": 1}'),
  'empty.txt': Buffer.alloc(0),
  'onnx/model.onnx': big,
};
/** Waits for nothing. */
const clock: Clock = { now: () => 0, sleep: async () => {} };

async function startHub(): Promise<FakeHub> {
  const hub = await FakeHub.start(name, files);
  onTestFinished(() => hub.close());
  return hub;
}

function open(hub: FakeHub, uri = `hf:${name}`, env: Record<string, string> = {}) {
  return openRepository(uri, { env: { HF_ENDPOINT: hub.url, ...env }, clock });
}

async function download(hub: FakeHub, paths: string[], env?: Record<string, string>): Promise<string> {
  const folder = temporaryFolder();
  await downloadFiles(await open(hub, undefined, env), paths, folder, { clock });
  return folder;
}

async function refusal(work: Promise<unknown>): Promise<MurmurError> {
  const e = await work.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (!isMurmurError(e)) throw new Error(`no refusal but ${e}`);
  return e;
}

describe('a repository of the hub', () => {
  it('is a commit and the files of it, listed to the last page', async () => {
    const repository = await open(await startHub(), `hf:${name}@v1`);
    expect(repository).toMatchObject({ repository: name, commit, licence: 'mit' });
    expect(repository.files.map(({ path, size }) => [path, size])).toEqual([
      ['config.json', 8],
      ['empty.txt', 0],
      ['onnx/model.onnx', 300_000],
    ]);
    expect(repository.files.map(({ digest }) => digest.kind)).toEqual(['git', 'git', 'sha256']);
  });

  it('is read with the token of HF_TOKEN, which goes to the hub alone', async () => {
    const hub = await startHub();
    await download(hub, ['config.json', 'onnx/model.onnx'], { HF_TOKEN: 'hf_secret' });
    expect([...hub.tokens.hub]).toEqual(['Bearer hf_secret']);
    expect(hub.farRequests).toHaveLength(1);
    expect([...hub.tokens.far]).toEqual([]);
  });

  it.each([
    ['gated, and nobody signed in', 401, 'GatedRepo', {}, 'hub.gated', 'user', 'HF_TOKEN'],
    ['gated, without access', 403, 'GatedRepo', { HF_TOKEN: 'hf_x' }, 'hub.gated', 'user', 'access'],
    ['not there, or private', 401, 'RepoNotFound', {}, 'hub.not_found', 'user', 'HF_TOKEN'],
    [
      'not there, or private to others',
      404,
      'RepoNotFound',
      { HF_TOKEN: 'hf_x' },
      'hub.not_found',
      'user',
      'may read',
    ],
    ['refused', 400, '', {}, 'hub.refused', 'external', 'HF_ENDPOINT'],
  ])('%s, is refused at once', async (_, status, code, env, error, fault, fix) => {
    const hub = await startHub();
    hub.refuse('/api/', { status, code });
    const e = await refusal(open(hub, undefined, env as Record<string, string>));
    expect(e).toMatchObject({ code: error, fault });
    expect(e.message).toContain(`hf:${name}`);
    expect(e.fix).toContain(fix);
    expect(hub.requests).toHaveLength(1);
  });

  it('without the revision is refused', async () => {
    expect(await refusal(open(await startHub(), `hf:${name}@v9`))).toMatchObject({
      code: 'hub.not_found',
      message: expect.stringContaining('revision'),
    });
  });

  it('is asked again where that can help, and not for ever', async () => {
    const hub = await startHub();
    hub.refuse('/api/', { status: 503 }, 3);
    hub.refuse('/tree/', { status: 429 }, 1);
    expect((await open(hub)).files).toHaveLength(3);
    hub.refuse('/api/', { status: 500 });
    expect(await refusal(open(hub))).toMatchObject({
      code: 'hub.refused',
      fault: 'external',
      retry: 'backoff',
    });
  });

  it('is not there when the hub is not', async () => {
    const hub = await startHub();
    const { url } = hub;
    await hub.close();
    const e = await refusal(openRepository(`hf:${name}`, { env: { HF_ENDPOINT: url }, clock }));
    expect(e).toMatchObject({ code: 'hub.unreachable', fault: 'external', retry: 'backoff' });
    expect(e.fix).toContain('HF_ENDPOINT');
  });

  it('is not asked for with a wrong name, address or token', async () => {
    const hub = await startHub();
    for (const uri of ['hf:', 'hf:a/b/c', 'hf:a b/c', 'hf:../x', 'hf:a/b@', 'hf:a/..']) {
      expect(await refusal(open(hub, uri)), uri).toMatchObject({ code: 'hub.uri_invalid', fault: 'user' });
    }
    for (const env of [{ HF_ENDPOINT: 'hub.example.org' }, { HF_TOKEN: 'secret' }]) {
      const e = await refusal(open(hub, undefined, env));
      expect(e).toMatchObject({ code: 'hub.setting_invalid', context: { variable: Object.keys(env)[0] } });
      expect(e.message).not.toContain('secret');
    }
    expect(hub.requests).toEqual([]);
  });
});

describe('a file of the hub', () => {
  it('comes whole, with its progress', async () => {
    const hub = await startHub();
    const folder = temporaryFolder();
    const seen: number[][] = [];
    await downloadFiles(await open(hub), Object.keys(files), folder, {
      clock,
      onProgress: (done, total) => seen.push([done, total]),
    });
    for (const [path, bytes] of Object.entries(files)) {
      expect(readFileSync(join(folder, path)).equals(bytes), path).toBe(true);
    }
    expect(seen.at(-1)).toEqual([300_008, 300_008]);
    expect(seen.map(([done]) => done)).toEqual(seen.map(([done]) => done!).toSorted((a, b) => a! - b!));
  });

  it('goes on where it was cut', async () => {
    const hub = await startHub();
    hub.cuts.push(100_000, 50_000);
    const folder = await download(hub, ['onnx/model.onnx']);
    expect(readFileSync(join(folder, 'onnx/model.onnx')).equals(big)).toBe(true);
    const ranges = hub.farRequests.map((request) => Number(/bytes=(\d+)-$/.exec(request)?.[1] ?? 0));
    expect(ranges).toHaveLength(3);
    expect(ranges[1]).toBeGreaterThan(0);
    expect(ranges[2]).toBeGreaterThan(ranges[1]!);
  });

  it('that is cut without a byte again and again is given up', async () => {
    const hub = await startHub();
    hub.cuts.push(100_000, ...Array.from({ length: 20 }, () => 0));
    expect(await refusal(download(hub, ['onnx/model.onnx']))).toMatchObject({ code: 'hub.unreachable' });
  });

  it('that does not go on in the middle is refused', async () => {
    const hub = await startHub();
    hub.cuts.push(100_000);
    hub.ignoresRanges = true;
    expect(await refusal(download(hub, ['onnx/model.onnx']))).toMatchObject({ code: 'hub.transfer_broken' });
  });

  it.each([
    [
      'a changed byte',
      (bytes: Buffer) => Buffer.concat([bytes.subarray(0, 9), Buffer.of(bytes[9]! ^ 1), bytes.subarray(10)]),
    ],
    ['a byte too many', (bytes: Buffer) => Buffer.concat([bytes, Buffer.of(0)])],
  ])('with %s is refused', async (_, spoil) => {
    const hub = await startHub();
    hub.spoils = spoil;
    expect(await refusal(download(hub, ['onnx/model.onnx']))).toMatchObject({
      code: 'hub.transfer_broken',
      fault: 'external',
      context: { path: 'onnx/model.onnx' },
    });
  });
});
