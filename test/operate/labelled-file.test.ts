import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readLabelledFile } from '../../src/operate/labelled-file.js';
import { labelledSet, schemeOf } from '../../src/operate/labelled-rows.js';

let dir: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'murmur-labelled-'));
});
afterAll(() => rmSync(dir, { recursive: true }));

function file(name: string, content: string | Buffer): string {
  const path = join(dir, name);
  writeFileSync(path, content);
  return path;
}

const rowsOf = async (name: string, content: string | Buffer, choice = {}) =>
  (await readLabelledFile(file(name, content), choice)).map(({ text, label }) => [text, label]);

describe('labelled texts are found', () => {
  const expected = [
    ['good day', '2'],
    ['bad day', '0'],
  ];

  it.each([
    ['tab-separated with numbers, without header', 'a.tsv', '2641838\t2\tgood day\n2634050\t0\tbad day\n'],
    ['tab-separated, Windows line ends, byte order mark', 'b.tsv', '\ufeff2\tgood day\r\n0\tbad day\r\n'],
    ['CSV with a header of our names', 'c.csv', 'sentiment,text\n2,good day\n0,"bad day"\n'],
    [
      'CSV with a header of other names',
      'd.csv',
      'tweet_id,airline_sentiment,tweet\n9,2,good day\n8,0,bad day\n',
    ],
    ['NDJSON', 'e.ndjson', '{"text":"good day","sentiment":"2"}\n\n{"text":"bad day","sentiment":0}\n'],
    ['a JSON array', 'f.json', '[{"tweet":"good day","target":2},{"tweet":"bad day","target":0}]'],
    ['gzipped', 'g.tsv.gz', gzipSync('2\tgood day\n0\tbad day\n')],
  ])('%s', async (_form, name, content) => {
    expect(await rowsOf(name, content)).toEqual(expected);
  });

  it('in the columns that the user names, by name or by number', async () => {
    const csv = 'a,b,c\n1,good day,2\n0,bad day,0\n';
    expect(await rowsOf('named.csv', csv, { text: 'b', label: 'c' })).toEqual(expected);
    expect(await rowsOf('named.csv', csv, { text: '2', label: '3' })).toEqual(expected);
    await expect(rowsOf('named.csv', csv, { text: 'd' })).rejects.toMatchObject({
      code: 'operate.data_invalid',
      message: expect.stringContaining('there is no column d; its columns are a, b, c'),
    });
  });

  it('with quotes in a tab-separated text as they stand', async () => {
    const rows = await rowsOf('quotes.tsv', '2\t"good day\n0\t"bad" day\n');
    expect(rows).toEqual([
      ['"good day', '2'],
      ['"bad" day', '0'],
    ]);
  });

  it('and a record that cannot be read still counts', async () => {
    const rows = await rowsOf('broken.ndjson', '{"text":"good day","sentiment":"2"}\n{"text":\n[1]\n');
    expect(rows).toEqual([
      ['good day', '2'],
      [null, null],
      [null, null],
    ]);
  });

  it('or refused by name', async () => {
    await expect(rowsOf('empty.csv', '\n')).rejects.toMatchObject({ code: 'operate.data_invalid' });
    await expect(rowsOf('texts.tsv', 'one text\tother\nand another\tmore\n')).rejects.toMatchObject({
      code: 'operate.data_invalid',
      message: expect.stringContaining('no column holds labels'),
    });
    await expect(readLabelledFile(join(dir, 'none.csv'))).rejects.toMatchObject({
      code: 'operate.data_unreadable',
    });
  });
});

describe('what labels mean', () => {
  const rows = (labels: (string | null)[]) =>
    labels.map((label, i) => ({ text: `t${i}`, label, lang: null }));

  it('is found from the whole set, and every row is accounted for', () => {
    const all = [...rows(['0', '2', '4', null, '0']), { text: null, label: '4', lang: null }];
    const set = labelledSet('set', all, schemeOf('set', all));
    expect(set.judged.map(({ actual, at }) => [at, actual])).toEqual([
      [0, 'negative'],
      [1, 'neutral'],
      [2, 'positive'],
      [4, 'negative'],
    ]);
    expect(set).toMatchObject({ rows: 6, notJudged: { no_text: 1, no_label: 1, unknown_label: 0 } });
  });

  it('is refused where data sets differ', () => {
    expect(() => schemeOf('set', rows(['0', '2']))).toThrow(
      /2 is neutral in 0\/2\/4 and positive in 0\/1\/2/,
    );
  });
});
