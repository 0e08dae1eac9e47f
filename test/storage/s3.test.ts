import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import type { MurmurError } from '../../src/base/errors.js';
import { DeltaLog } from '../../src/delta/index.js';
import { column, struct } from '../../src/schema/column-types.js';
import { openStorage } from '../../src/storage/open-storage.js';
import { tries } from '../../src/storage/s3-retry.js';
import { partBytes } from '../../src/storage/s3-transfer.js';
import type { Storage } from '../../src/storage/storage.js';
import { type Fault, S3Stub } from './s3-stub.js';

const slowDown: Fault = { status: 503, code: 'SlowDown' };
const failed: Fault = { status: 500, code: 'InternalError' };
const busy: Fault = { status: 409, code: 'ConditionalRequestConflict' };
const denied: Fault = { status: 403, code: 'AccessDenied' };

let stub: S3Stub;
let storage: Storage;
let dir: string;
beforeEach(async () => {
  stub = await S3Stub.start();
  storage = openStorage('s3://bucket/lake', '/', stub.options);
  dir = await mkdtemp(join(tmpdir(), 'murmur-s3-'));
});
afterEach(async () => {
  await stub.stop();
  await rm(dir, { recursive: true, force: true });
});

const bytes = (text: string) => Buffer.from(text);

/** What stands in the store under a path. */
function stored(path: string): string | undefined {
  return stub.objects.get(`lake/${path}`)?.bytes.toString();
}

/** Like another writer's. */
function put(path: string, text: string | Buffer): void {
  stub.objects.set(`lake/${path}`, { bytes: Buffer.from(text), headers: { etag: '"other"' } });
}

async function failureOf(work: Promise<unknown>): Promise<MurmurError> {
  return work.then(
    () => {
      throw new Error('it succeeded');
    },
    (e) => e,
  );
}

describe('what may be done twice', () => {
  it.each<[string, Fault]>([
    ['an overloaded service', slowDown],
    ['a fault of the service', failed],
    ['a broken connection', 'reset'],
    ['half an answer', 'half'],
  ])('is done again after %s', async (_, fault) => {
    put('f', 'x'.repeat(100_000));
    stub.fail('GET', fault, fault);
    expect(await storage.read('f')).toHaveLength(100_000);
    expect(stub.count('GET')).toBe(3);
    stub.fail('GET', fault);
    expect(await storage.readRange('f', 10, 70_000)).toHaveLength(69_990);
    stub.fail('GET', fault);
    await storage.download('f', join(dir, 'f'));
    expect(await readFile(join(dir, 'f'), 'utf8')).toBe('x'.repeat(100_000));
  });

  it('is done again whatever it is', async () => {
    stub.fail('PUT', slowDown, 'lost answer');
    await storage.put('f', bytes('1'));
    stub.fail('HEAD', 'reset');
    expect(await storage.stat('f')).toMatchObject({ size: 1 });
    stub.fail('PUT', failed);
    await writeFile(join(dir, 'f'), 'up');
    await storage.upload(join(dir, 'f'), 'g');
    expect(stored('g')).toContain('up');
    stub.fail('DELETE', 'lost answer');
    await storage.delete('f');
    expect(stored('f')).toBeUndefined();
  });

  it('is given up after a while, and may be tried later', async () => {
    stub.fail('GET', ...Array.from({ length: tries }, () => slowDown));
    const error = await failureOf(storage.read('f'));
    expect(error).toMatchObject({ code: 'storage.unreachable', fault: 'external', retry: 'backoff' });
    expect(stub.count('GET')).toBe(tries);
  });

  it('is not done again where that cannot help', async () => {
    stub.fail('GET', denied);
    await expect(storage.read('f')).rejects.toMatchObject({ code: 'storage.denied' });
    expect(stub.count('GET')).toBe(1);
  });
});

describe('a name for one of many', () => {
  it('is won by a put whose answer was lost', async () => {
    stub.fail('PUT', 'lost answer');
    expect(await storage.putIfAbsent('log/1', bytes('mine'))).toBe('created');
    expect(stored('log/1')).toBe('mine');
    expect(stub.count('PUT')).toBe(2);
  });

  it('is lost to another while the own put was broken off, be it with the same bytes', async () => {
    stub.fail('PUT', 'reset');
    put('log/1', 'the same');
    expect(await storage.putIfAbsent('log/1', bytes('the same'))).toBe('exists');
    put('log/2', 'other');
    expect(await storage.putIfAbsent('log/2', bytes('mine'))).toBe('exists');
    expect(stored('log/2')).toBe('other');
  });

  it.each<[string, Fault]>([
    ['another put of it is under way', busy],
    ['the service is overloaded', slowDown],
    ['the service fails', failed],
  ])('is asked for again when %s', async (_, fault) => {
    stub.fail('PUT', fault, fault);
    expect(await storage.putIfAbsent('log/1', bytes('mine'))).toBe('created');
    expect(stub.count('PUT')).toBe(3);
  });

  it('asks with the condition every time, and once a time', async () => {
    stub.fail('PUT', failed, busy);
    await storage.putIfAbsent('log/1', bytes('mine'));
    const puts = stub.seen.filter(({ method }) => method === 'PUT');
    expect(puts.map(({ headers }) => headers['if-none-match'])).toEqual(['*', '*', '*']);
  });

  it('may stay unknown, and says so', async () => {
    stub.fail('PUT', ...Array.from({ length: tries }, (): Fault => 'lost answer'));
    stub.fail('HEAD', ...Array.from({ length: tries }, (): Fault => 'reset'));
    expect(await failureOf(storage.putIfAbsent('log/1', bytes('mine')))).toMatchObject({
      code: 'storage.unreachable',
      retry: 'backoff',
    });
    expect(stored('log/1')).toBe('mine');
  });

  it('makes one version of one commit, whose answer was lost, and lets two writers follow each other', async () => {
    const parquet = { readCheckpoint: never, writeCheckpoint: never, rewrite: never };
    const [one, two] = [
      openStorage('s3://bucket/t', '/', stub.options),
      openStorage('s3://bucket/t', '/', stub.options),
    ];
    const schema = struct(column('i', 'long'));
    const first = await DeltaLog.create(one, { parquet }, { schema });
    const second = (await DeltaLog.openIfExists(two, { parquet }))!;
    for (const log of [first, second, first, second]) {
      stub.fail('PUT', 'lost answer', busy);
      const result = await log.begin().commit({ operation: 'WRITE' });
      expect(result.outcome).toBe('committed');
    }
    expect((await first.update()).version).toBe(4);
    expect([...stub.objects.keys()].filter((key) => key.endsWith('.json'))).toHaveLength(5);
  });
});

function never(): Promise<never> {
  return Promise.reject(new Error('no Parquet here'));
}

describe('large files', () => {
  it('come in parts, each of which may fail', async () => {
    const content = randomBytes(2 * partBytes + 12_345);
    put('big', content);
    stub.fail('GET', 'half', slowDown, 'half');
    await storage.download('big', join(dir, 'big'));
    expect((await readFile(join(dir, 'big'))).equals(content)).toBe(true);
    const parts = stub.seen.filter(({ method }) => method === 'GET');
    expect(parts).toHaveLength(6);
    // The later parts are those of the object that the first was of.
    for (const { headers } of parts.slice(4)) expect(headers['if-match']).toBe('"other"');
  });

  it('that are empty are files too', async () => {
    put('empty', '');
    await writeFile(join(dir, 'empty'), 'something else');
    await storage.download('empty', join(dir, 'empty'));
    expect(await readFile(join(dir, 'empty'), 'utf8')).toBe('');
  });
});

describe('listing', () => {
  it('goes on page by page, over faults', async () => {
    stub.pageSize = 7;
    const names = Array.from({ length: 30 }, (_, i) => `d/${String(i).padStart(2, '0')}`);
    for (const name of names) put(name, name);
    put('d/', '');
    stub.fail('GET', slowDown, 'reset', 'reset');
    const found: { path: string; mtimeMs: number }[] = [];
    for await (const info of storage.list('d/', { after: 'd/03' })) found.push(info);
    expect(found.map(({ path }) => path)).toEqual(names.slice(4));
    const pages = stub.seen.filter(({ url }) => url.includes('list-type=2'));
    expect(pages).toHaveLength(4 + 3);
    // A single look gives whole seconds.
    expect(found[0]!.mtimeMs).toBe((await storage.stat('d/04'))!.mtimeMs);
  });
});

describe('what went wrong', () => {
  const cases: [string, Fault, Partial<MurmurError>, RegExp][] = [
    ['no right', denied, { code: 'storage.denied', fault: 'user' }, /bucket.*docs\/s3\.md/],
    [
      'an unknown key',
      { status: 403, code: 'InvalidAccessKeyId' },
      { code: 'storage.denied' },
      /AWS_ACCESS_KEY_ID/,
    ],
    [
      'a wrong secret',
      { status: 403, code: 'SignatureDoesNotMatch' },
      { code: 'storage.denied' },
      /AWS_SECRET_ACCESS_KEY/,
    ],
    [
      'an old session',
      { status: 400, code: 'ExpiredToken' },
      { code: 'storage.denied' },
      /AWS_SESSION_TOKEN/,
    ],
    [
      'no bucket',
      { status: 404, code: 'NoSuchBucket' },
      { code: 'storage.no_such_bucket', fault: 'user' },
      /create the bucket/,
    ],
    [
      'another region',
      { status: 301, code: 'PermanentRedirect' },
      { code: 'storage.wrong_region' },
      /AWS_REGION/,
    ],
    ['no file', { status: 404, code: 'NoSuchKey' }, { code: 'storage.not_found', fault: 'external' }, /.*/],
    [
      'what nobody foresaw',
      { status: 400, code: 'Strange' },
      { code: 'storage.failed', fault: 'external' },
      /.*/,
    ],
  ];
  it.each(cases)('is named: %s', async (_, fault, expected, fix) => {
    stub.fail('GET', fault);
    const error = await failureOf(storage.read('a'));
    expect(error).toMatchObject(expected);
    expect(error.message).toContain('reading s3://bucket/lake/a: ');
    expect(error.fix ?? '').toMatch(fix);
    expect(JSON.stringify([error.message, error.fix, error.context])).not.toMatch(
      /AKIDEXAMPLE|very-secret-key/,
    );
  });

  it('is told without waiting when there are no credentials, and when there is no region', async () => {
    for (const name of [
      'AWS_ACCESS_KEY_ID',
      'AWS_SECRET_ACCESS_KEY',
      'AWS_PROFILE',
      'AWS_REGION',
      'AWS_ENDPOINT_URL',
    ])
      vi.stubEnv(name, undefined);
    vi.stubEnv('AWS_EC2_METADATA_DISABLED', 'true');
    for (const name of ['AWS_SHARED_CREDENTIALS_FILE', 'AWS_CONFIG_FILE'])
      vi.stubEnv(name, join(dir, 'none'));
    onTestFinished(() => void vi.unstubAllEnvs());
    const { credentials: _, ...anonymous } = stub.options;
    const error = await failureOf(openStorage('s3://bucket', '/', anonymous).read('a'));
    expect(error).toMatchObject({ code: 'storage.no_credentials', fault: 'user' });
    expect(error.fix).toContain('AWS_ACCESS_KEY_ID');
    const { endpoint: __, ...elsewhere } = stub.options;
    expect(await failureOf(openStorage('s3://bucket', '/', elsewhere).read('a'))).toMatchObject({
      code: 'storage.no_region',
      fix: 'set AWS_REGION to that of bucket bucket',
    });
    expect(stub.seen).toEqual([]);
  });

  it('is told when nobody answers', async () => {
    await stub.stop();
    const error = await failureOf(storage.read('a'));
    expect(error).toMatchObject({ code: 'storage.unreachable', retry: 'backoff' });
    expect(error.fix).toContain('AWS_ENDPOINT_URL');
    stub = await S3Stub.start();
  });
});
