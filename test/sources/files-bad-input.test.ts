/** Bad text is a fault with file, place and reason; it stops nothing and costs nothing but itself. */
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import { MurmurError } from '../../src/base/errors.js';
import type { RawRecord } from '../../src/sources/source.js';
import { LocalStorage } from '../../src/storage/local.js';
import { brief, LandingFixture, lines } from './landing.js';

let landing: LandingFixture;
afterEach(() => landing.close());

const post = (n: number) => JSON.stringify({ text: `t${n}` });
const faults = (records: readonly RawRecord[]) =>
  records.flatMap((record) => ('fault' in record ? [record.fault] : []));

async function readOne(name: string, content: string | Uint8Array): Promise<RawRecord[]> {
  landing = await LandingFixture.open();
  landing.land(name, content);
  return landing.drain();
}

describe('NDJSON', () => {
  it('gives each bad line its place and reason, blank lines counted', async () => {
    const bad: [Buffer | string, string][] = [
      ['{"text":"cut off', 'broken JSON: Unterminated string at position 16'],
      [Buffer.from('{"text":"\xff\xfe"}', 'latin1'), 'invalid UTF-8'],
      ['{"text":"half \\ud83d of one"}', 'a lone surrogate (half of a character)'],
      ['{"deep":[{"\\udc00":1}]}', 'a lone surrogate (half of a character)'],
      ['{"text":"a\0b"}', 'a NUL byte'],
      ['{"text":"a\\u0000b"}', 'a NUL character'],
      ['[1,2]', 'not an object but an array'],
      ['"word"', 'not an object but a string'],
      ['null', 'not an object but null'],
      ['{"id":12345678901234567890,}', 'broken JSON: Expected double-quoted property name at position 27'],
    ];
    const parts = bad.flatMap(([line], i) => [post(i), '\n', line, i % 2 ? '\n' : '\r\n', '  \n']);
    const records = await readOne(
      'a.ndjson',
      Buffer.concat(parts.map((part) => Buffer.from(part as string))),
    );
    expect(records.map(({ position }) => position)).toEqual(bad.flatMap((_, i) => [3 * i + 1, 3 * i + 2]));
    expect(faults(records).map(({ reason }) => reason)).toEqual(bad.map(([, reason]) => reason));
    expect(faults(records).every(({ rule }) => rule === 'bad_line')).toBe(true);
    expect(faults(records)[2]!.raw).toBe('{"text":"half \\ud83d of one"}');
  });

  it('keeps no more than 4 kB of what stood there, as valid UTF-8 without NUL', async () => {
    const [long, invalid] = faults(
      await readOne(
        'a.ndjson',
        Buffer.concat([Buffer.from(`"${'ü🎉'.repeat(2000)}\n\0`), Buffer.alloc(5000, 0xff)]),
      ),
    );
    expect(Buffer.byteLength(long!.raw)).toBeGreaterThan(4000);
    expect(Buffer.byteLength(long!.raw)).toBeLessThanOrEqual(4096);
    expect(Buffer.byteLength(invalid!.raw)).toBeLessThanOrEqual(4096);
    expect(invalid!.raw).toMatch(/^\uFFFD+$/);
    expect(long!.raw).not.toMatch(/\p{Surrogate}/u);
  });

  it('passes over lines of 5 MB and 20 MB, in a replay too', async () => {
    landing = await LandingFixture.open();
    const long = (mb: number) => `{"text":"${'x'.repeat(mb * 1024 * 1024)}"}`;
    landing.land('a.ndjson', [post(1), long(5), post(2), long(20), post(3), ''].join('\n'));
    const input = (await landing.source.plan({ posts: 10, bytes: 100e6, files: 1 }))!;
    landing.log.push(JSON.stringify(input));
    await landing.source.planned(0, input);
    for (const records of [await landing.read(input), await landing.read(input)]) {
      expect(brief(records)).toEqual([
        'a.ndjson:1 t1',
        'a.ndjson:2 !line_too_long',
        'a.ndjson:3 t2',
        'a.ndjson:4 !line_too_long',
        'a.ndjson:5 t3',
      ]);
      expect(faults(records)[1]).toMatchObject({
        reason: 'longer than 1048576 bytes (max_line)',
        raw: `{"text":"${'x'.repeat(4096 - 9)}`,
      });
    }
  });

  it('says once that a nested value is too deep', async () => {
    const deep = `{"a":${'['.repeat(200_000)}"\\u0041"${']'.repeat(200_000)}}`;
    expect(faults(await readOne('a.ndjson', lines(deep, post(1))))).toMatchObject([
      { reason: 'nested too deeply' },
    ]);
  });

  it('reads a keyword-laden object as data', async () => {
    const [record] = await readOne(
      'a.ndjson',
      '{"__proto__":{"x":1},"constructor":2,"id":12345678901234567}\n',
    );
    const fields = 'fields' in record! ? record.fields : {};
    expect(Object.keys(fields)).toEqual(['__proto__', 'constructor', 'id']);
    expect(Object.getPrototypeOf(fields)).toBe(Object.prototype);
  });
});

describe('JSON arrays', () => {
  it('lose only the broken records', async () => {
    const records = await readOne(
      'a.json',
      `[\n ${post(1)},\n {"text":"no end},\n {bad},\n 7,\n ${post(2)},\n ${post(3)}\n]\n`,
    );
    expect(brief(records)).toEqual([
      'a.json:1 t1',
      'a.json:2 !bad_line',
      'a.json:3 !bad_line',
      'a.json:4 !bad_line',
      'a.json:5 t2',
      'a.json:6 t3',
    ]);
  });

  it('that are cut give what is whole, and one fault', async () => {
    const records = await readOne('a.json', `[${post(1)},${post(2)},{"text":"th`);
    expect(brief(records)).toEqual(['a.json:1 t1', 'a.json:2 t2', 'a.json:3 !bad_line']);
    expect(faults(records)[0]).toMatchObject({
      reason: 'the file ends inside a JSON value',
      raw: '{"text":"th',
    });
  });

  it('say what stands behind their end', async () => {
    const records = await readOne('a.json', `[${post(1)}] and ${post(2)}`);
    expect(faults(records)).toEqual([
      { rule: 'bad_line', reason: 'text behind the end of the array', raw: `and ${post(2)}` },
    ]);
  });

  it('pass over a record that is too long', async () => {
    const records = await readOne('a.json', `[${post(1)},{"text":"${'x'.repeat(3e6)}"},${post(2)}]`);
    expect(brief(records)).toEqual(['a.json:1 t1', 'a.json:2 !line_too_long', 'a.json:3 t2']);
  });
});

describe('CSV', () => {
  it('loses only the broken record', async () => {
    const text = Buffer.concat([
      Buffer.from('id,text\n1,fine\n2,has, a comma\n3,'),
      Buffer.from([0xff]),
      Buffer.from('\n4,"two\nlines"\n5,"never closed\n6,fine too\n'),
    ]);
    const records = await readOne('a.csv', text);
    expect(brief(records)).toEqual([
      'a.csv:1 fine',
      'a.csv:2 !bad_line',
      'a.csv:3 !bad_line',
      'a.csv:4 two\nlines',
      'a.csv:5 !bad_line',
      'a.csv:6 fine too',
    ]);
    expect(faults(records).map(({ reason }) => reason)).toEqual([
      '3 fields where there are 2 columns',
      'invalid UTF-8',
      'a quote is opened and never closed',
    ]);
  });

  it('passes over a line that is too long, and a quote that is not closed within the limit', async () => {
    landing = await LandingFixture.open({ max_line: 10_000 });
    landing.land('a.csv', `id,text\n1,${'x'.repeat(3e5)}\n2,"open\n${'3,fine\n'.repeat(2_000)}4,last`);
    const records = await landing.drain({ posts: 300 });
    expect(brief(records.slice(0, 3))).toEqual([
      'a.csv:1 !line_too_long',
      'a.csv:2 !bad_line',
      'a.csv:3 fine',
    ]);
    expect(records).toHaveLength(2_003);
    expect(brief(records.slice(-1))).toEqual(['a.csv:2003 last']);
  });
});

describe('gzip', () => {
  const text = lines(...Array.from({ length: 3000 }, (_, i) => ({ text: `t${i}`, noise: Math.sin(i) })));
  const whole = gzipSync(text);

  it('that is cut before anything comes out of it is told of too', async () => {
    for (const name of ['a.ndjson.gz', 'a.csv.gz', 'a']) {
      const records = await readOne(name, whole.subarray(0, 12));
      expect(records).toMatchObject([
        {
          position: 1,
          fault: { rule: 'unreadable', reason: expect.stringContaining('the gzip file is cut') },
        },
      ]);
      await landing.close();
    }
  });

  it('that is cut gives all that comes out, then one fault', async () => {
    const records = await readOne('a.ndjson.gz', whole.subarray(0, whole.length - 1000));
    const good = records.length - 1;
    expect(good).toBeGreaterThan(2500);
    expect(brief(records.slice(0, -1))).toEqual(
      Array.from({ length: good }, (_, i) => `a.ndjson.gz:${i + 1} t${i}`),
    );
    expect(records.at(-1)).toMatchObject({
      position: good + 1,
      fault: { rule: 'unreadable', reason: 'the gzip file is cut: it ends before its content does' },
    });
    expect(text.split('\n')[good]).toContain(faults(records)[0]!.raw);
  });

  it('that is broken inside or followed by something else says so once', async () => {
    const broken = Buffer.from(whole);
    broken[whole.length - 8] = whole[whole.length - 8]! ^ 0xff;
    for (const content of [broken, Buffer.concat([whole, Buffer.from('more')])]) {
      const records = await readOne('a.ndjson.gz', content);
      expect(records).toHaveLength(3001);
      expect(faults(records)[0]!.reason).toMatch(/^the gzip file is broken: /);
      await landing.close();
    }
  });

  it('that is padded with zeros ends with its content', async () => {
    const records = await readOne('a.ndjson.gz', Buffer.concat([whole, Buffer.alloc(512)]));
    expect(records).toHaveLength(3000);
    expect(faults(records)).toEqual([]);
  });

  it('may be cut into batches and replayed, the fault once', async () => {
    landing = await LandingFixture.open();
    landing.land('a.ndjson.gz', whole.subarray(0, whole.length - 1000));
    const records = await landing.drain({ posts: 400 });
    expect(faults(records)).toHaveLength(1);
    await landing.reopen();
    const replayed = (await Promise.all(landing.batches().map(({ input }) => landing.read(input)))).flat();
    expect(replayed).toEqual(records);
  });
});

describe('a file that cannot be opened', () => {
  /** A disk on which some files are not ours to read. */
  class GuardedStorage extends LocalStorage {
    static readonly denied = new Set<string>();

    override async readRange(path: string, start: number, end: number): Promise<Uint8Array> {
      if (!GuardedStorage.denied.has(path)) return super.readRange(path, start, end);
      const details = { fault: 'external', context: { path, errno: 'EACCES' } } as const;
      throw new MurmurError('storage.failed', `reading ${path}: permission denied`, details);
    }
  }

  it('is one fault and a report, holds up nothing, and is read once it can be', async () => {
    landing = await LandingFixture.open({}, {}, ({ root }) => new GuardedStorage(root));
    GuardedStorage.denied.add('secret.ndjson');
    landing.land('open.ndjson', lines(post(1)));
    landing.land('secret.ndjson', lines(post(2)));
    expect(brief(await landing.drain())).toEqual(['open.ndjson:1 t1', 'secret.ndjson:1 !unreadable']);
    const denied = [{ path: 'secret.ndjson', reason: 'cannot be opened: EACCES' }];
    expect(landing.source.state().changedFiles).toEqual(denied);
    await landing.reopen();
    expect(await landing.drain()).toEqual([]);
    expect(landing.source.state().changedFiles).toEqual(denied);
    expect(await landing.source.explain('secret.ndjson')).toMatchObject({ state: 'changed' });

    GuardedStorage.denied.clear();
    landing.clock.settle();
    await landing.clock.sleep(5_000);
    expect(brief(await landing.drain())).toEqual(['secret.ndjson:1 t2']);
    expect(landing.source.state().changedFiles).toEqual([]);
  });

  it('counts as changed when it was planned already', async () => {
    landing = await LandingFixture.open({}, {}, ({ root }) => new GuardedStorage(root));
    landing.land('a.ndjson', lines(post(1)));
    landing.land('b.ndjson', lines(post(2)));
    const input = (await landing.source.plan({ posts: 10, bytes: 1e6, files: 10 }))!;
    await landing.reopen();
    GuardedStorage.denied.add('a.ndjson');
    const records = await landing.read(input);
    GuardedStorage.denied.clear();
    expect(brief(records)).toEqual(['a.ndjson:1 !source_changed', 'b.ndjson:1 t2']);
    expect(faults(records)[0]!.reason).toBe(
      'lines 1 to 1 were planned and cannot be read again: the file cannot be opened any more: EACCES',
    );
  });
});

describe('a landing folder that is not there', () => {
  it("is the user's to create", async () => {
    landing = await LandingFixture.open({}, {}, ({ root }) => new LocalStorage(`${root}-missing`));
    await expect(landing.drain()).rejects.toMatchObject({
      code: 'source.landing_missing',
      fault: 'user',
      fix: expect.stringContaining('mkdir -p'),
    });
  });
});
