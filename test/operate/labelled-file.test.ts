import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readLabelledFile } from '../../src/operate/labelled-file.js';
import { judgedSet, labelledSet, schemeOf } from '../../src/operate/labelled-rows.js';
import { givenScheme } from '../../src/posts/labels.js';

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
    [
      'CSV without header, a date in it longer than the text',
      'h.csv',
      '"2","17","Mon Apr 06 22:19:45 PDT 2009","QUERY","ann","good day"\n"0","18","Mon Apr 06 22:19:49 PDT 2009","QUERY","bob","bad day"\n',
    ],
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

  it.each([
    [
      'a column that is called so, before one that looks so',
      'likes,tweet,label\n0,good day,2\n2,bad day,0\n',
    ],
    [
      'also where it stands behind the other',
      'tweet,airline_sentiment,retweets\ngood day,2,1\nbad day,0,0\n',
    ],
  ])('in %s', async (_, csv) => {
    expect(await rowsOf('more.csv', csv)).toEqual(expected);
  });

  it('in the column whose labels the user explained', async () => {
    const csv = 'tweet,retweets,mood\ngood day,1,happy\nbad day,0,sad\nno day,2,other\n';
    const labels = givenScheme({ happy: 'positive', sad: 'negative' });
    expect(await rowsOf('mood.csv', csv, { labels })).toEqual([
      ['good day', 'happy'],
      ['bad day', 'sad'],
      ['no day', 'other'],
    ]);
  });

  it('and labels that nobody knows are still those of the column that is called so', async () => {
    const rows = await rowsOf('odd.csv', 'tweet,label\ngood day,2\nbad day,9\n');
    expect(rows).toEqual([
      ['good day', '2'],
      ['bad day', '9'],
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
    await expect(rowsOf('two.csv', 'tweet,a,b\ngood day,2,1\nbad day,0,0\n')).rejects.toMatchObject({
      code: 'operate.data_invalid',
      message: expect.stringContaining('labels may be in a or b'),
      fix: expect.stringContaining('--label'),
    });
    for (const path of [join(dir, 'none.csv'), dir])
      await expect(readLabelledFile(path)).rejects.toMatchObject({
        ...{ code: 'operate.data_unreadable', fault: 'user', fix: 'name a file with labelled texts' },
      });
    const cut = file('cut.tsv.gz', gzipSync('2\tgood day\n'.repeat(99)).subarray(0, 30));
    await expect(readLabelledFile(cut)).rejects.toMatchObject({
      ...{ code: 'operate.data_unreadable', fault: 'external', fix: expect.stringContaining('damaged') },
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

  it.each([
    [['0', '1'], '--labels 0=MEANING,1=MEANING'],
    [['so so', 'great', null], "--labels 'great=MEANING,so so=MEANING'"],
    [[null], '--labels LABEL=MEANING'],
  ])('is asked for by the labels that occur: %j', (labels, asked) => {
    const refusal = expect.objectContaining({
      code: 'operate.ambiguous_labels',
      fix: expect.stringMatching(new RegExp(`${asked}$`)),
    });
    expect(() => schemeOf('set', rows(labels))).toThrow(refusal);
  });

  it('that fits no row leaves nothing to judge by', () => {
    const all = rows(['0', '1', null]);
    expect(() => judgedSet('set', all, givenScheme({ '5': 'positive' }))).toThrow(
      expect.objectContaining({
        code: 'operate.nothing_to_judge',
        message: expect.stringContaining('0 no text, 1 no label, 2 unknown label'),
        fix: expect.stringContaining('--labels 0=MEANING,1=MEANING'),
      }),
    );
  });
});
