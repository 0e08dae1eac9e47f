/** What people see of a landing place: ls, count, head, explain. Nothing of it moves anything. */
import { appendFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { brief, LandingFixture, lines } from './landing.js';

let landing: LandingFixture;
beforeEach(async () => {
  landing = await LandingFixture.open();
});
afterEach(() => landing.close());

const posts = (from: number, count: number) =>
  Array.from({ length: count }, (_, i) => ({ text: `t${from + i}` }));
const day = (n: number) => new Date(Date.UTC(2024, 0, n));

async function landSome(): Promise<void> {
  landing.land('c.ndjson', `${lines(...posts(0, 2))}\n{broken\n`, day(1));
  landing.land('b.json', JSON.stringify(posts(2, 3)), day(2));
  landing.land('a.csv.gz', gzipSync('text\nt5\nt6\n'), day(3));
  landing.land('_note.txt', 'x', day(4));
}

it('lists every file with its state', async () => {
  await landSome();
  landing.land('empty.ndjson', '', day(1));
  await landing.batch({ posts: 4 });
  const states = async () => (await landing.source.ls()).map(({ path, state }) => `${path} ${state}`);
  expect(await states()).toEqual([
    '_note.txt ignored',
    'a.csv.gz new',
    'b.json reading',
    'c.ndjson read',
    'empty.ndjson read',
  ]);
  await landing.reopen();
  landing.land('c.ndjson', lines(...posts(7, 1)), day(9));
  appendFileSync(landing.path('b.json'), ' ');
  expect(await states()).toEqual([
    '_note.txt ignored',
    'a.csv.gz new',
    'b.json reading',
    'c.ndjson changed',
    'empty.ndjson read',
  ]);
});

it('counts records whether they were read or not, broken ones included', async () => {
  await landSome();
  const total = { files: 3, bytes: expect.any(Number), records: 8 };
  expect(await landing.source.count()).toEqual(total);
  await landing.drain();
  expect(await landing.source.count()).toEqual(total);
});

it('shows the first records, oldest file first, and of several files when sampling', async () => {
  await landSome();
  expect(brief(await landing.source.head(5))).toEqual([
    'c.ndjson:1 t0',
    'c.ndjson:2 t1',
    'c.ndjson:4 !bad_line',
    'b.json:1 t2',
    'b.json:2 t3',
  ]);
  expect(brief(await landing.source.sample(4))).toEqual([
    'c.ndjson:1 t0',
    'c.ndjson:2 t1',
    'b.json:1 t2',
    'b.json:2 t3',
  ]);
  expect(await landing.source.head(100)).toHaveLength(8);
  await landing.drain();
  expect(await landing.source.head(2)).toHaveLength(2);
});

it('says of any path why it was read or not, and how far', async () => {
  await landSome();
  const explain = async (path: string) => {
    const { state, message } = await landing.source.explain(path);
    return `${state}: ${message}`;
  };
  expect(await explain('b.json')).toBe('new: new: it is read with one of the next batches');
  await landing.batch({ posts: 4 });
  expect(await explain('c.ndjson')).toBe('read: read to its end: 4 lines (37 bytes of text)');
  expect(await explain('b.json')).toBe(
    'reading: read so far: 1 record (14 bytes of text); the rest of its 43 bytes follows',
  );
  expect(await explain('_note.txt')).toBe('ignored: ignored: _note.txt begins with an underscore');
  expect(await explain('nothing.ndjson')).toBe('missing: there is no such file in the landing place');
  expect(await landing.source.explain('a.csv.gz')).toMatchObject({ format: 'csv', gzip: true });
  expect(await landing.source.explain('c.ndjson')).toMatchObject({
    format: 'ndjson',
    gzip: false,
    readTo: { byte: 37, line: 4 },
  });

  landing.land('c.ndjson', lines(...posts(8, 1)), day(9));
  expect(await explain('c.ndjson')).toBe(
    'changed: not read any further: it shrank from 37 to 14 bytes after it was read; under a new name it would be read from its beginning',
  );
  landing.land('late.csv', 'text\nt1\n', new Date());
  expect(await explain('late.csv')).toBe(
    'new: new: it may still be written to, and is read when it has stood still for 1 s',
  );
});

it('moves nothing', async () => {
  await landSome();
  const input = await landing.source.plan({ posts: 100, bytes: 1e6, files: 100 });
  await landing.source.ls();
  await landing.source.count();
  await landing.source.head(3);
  await landing.source.explain('b.json');
  expect(await landing.source.plan({ posts: 100, bytes: 1e6, files: 100 })).toEqual(input);
});
