/** Every format, plain and gzipped, gives the same records; names and contents say which one it is. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { DuckDBInstance } from '@duckdb/node-api';
import { afterEach, describe, expect, it } from 'vitest';
import type { SourceOptions } from '../../src/sources/options.js';
import type { RawRecord } from '../../src/sources/source.js';
import { brief, LandingFixture, lines } from './landing.js';

let landing: LandingFixture;
afterEach(() => landing.close());

const posts = Array.from({ length: 25 }, (_, i) => ({
  id: `p${i}`,
  text: [`plain ${i}`, `"quoted", with comma ${i}`, `two\nlines ${i}`, `größe 🎉 @ünï ${i}`][i % 4]!,
  user: i % 5 === 0 ? null : `user${i}`,
}));
const fieldsOf = (records: readonly RawRecord[]) =>
  records.map((record) => ('fields' in record ? record.fields : record));

const quoted = (value: string | null) => (value === null ? '' : `"${value.replaceAll('"', '""')}"`);
const table = (delimiter: string, lineEnd = '\n') =>
  ['id', 'text', 'user'].join(delimiter) +
  lineEnd +
  posts.map((p) => [p.id, quoted(p.text), quoted(p.user)].join(delimiter)).join(lineEnd);

const forms: Record<string, string> = {
  'posts.ndjson': lines(...posts),
  'posts.jsonl': posts.map((p) => JSON.stringify(p)).join('\r\n'),
  'posts.json': JSON.stringify(posts),
  'pretty.json': JSON.stringify(posts, null, 2),
  'lines.json': lines(...posts),
  'several.json': posts.map((p) => JSON.stringify(p, null, 2)).join('\n'),
  'posts.csv': table(','),
  'windows.csv': table(',', '\r\n'),
  'semicolons.csv': table(';'),
  'posts.tsv': table('\t'),
  'posts.log': lines(...posts),
  'posts.txt': table('|'),
  'no-extension': JSON.stringify(posts, null, 1),
};

describe('the same posts in every form', () => {
  for (const [name, text] of Object.entries(forms))
    for (const [kind, content] of [
      ['', text],
      [' with a byte order mark', `\uFEFF${text}`],
      [' gzipped', gzipSync(text)],
    ] as const)
      it(`${name}${kind}`, async () => {
        landing = await LandingFixture.open();
        landing.land(content instanceof Uint8Array ? `${name}.gz` : name, content);
        const records = await landing.drain({ posts: 7 });
        expect(fieldsOf(records)).toEqual(posts);
        expect(records.map((record) => record.position)).toEqual(posts.map((_, i) => i + 1));
      });

  it('a gzip file without the extension, and an extension without the gzip', async () => {
    landing = await LandingFixture.open();
    landing.land('a.ndjson', gzipSync(lines({ text: 'packed' })));
    landing.land('b.ndjson.gz', lines({ text: 'plain' }));
    expect(brief(await landing.drain())).toEqual(['a.ndjson:1 packed', 'b.ndjson.gz:1 plain']);
  });

  it('one object a file, over several lines or one, with or without a line end', async () => {
    landing = await LandingFixture.open();
    landing.land('a.json', '{"text":"one line"}');
    landing.land('b.json', '{"text":"line end"}\n');
    landing.land('c.json', '{\n  "text": "several",\n  "user": {"name": "x"}\n}\n');
    expect(brief(await landing.drain())).toEqual([
      'a.json:1 one line',
      'b.json:1 line end',
      'c.json:1 several',
    ]);
  });
});

describe('Parquet', () => {
  it('is planned by rows and handed on as a name', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'murmur-parquet-'));
    const duck = await DuckDBInstance.create();
    const connection = await duck.connect();
    const rowsOf = async (uri: string, where = '') =>
      (await connection.runAndReadAll(`SELECT i FROM read_parquet('${uri}') ${where}`)).getRows();
    landing = await LandingFixture.open({}, { countParquetRows: async (uri) => (await rowsOf(uri)).length });
    try {
      const file = join(folder, 'x.parquet');
      await connection.run(`COPY (SELECT range AS i FROM range(10)) TO '${file}' (FORMAT parquet)`);
      const bytes = readFileSync(file);
      landing.land('a.parquet', bytes);
      landing.land('b.parquet.gz', gzipSync(bytes));
      landing.land('c.bin', bytes);
      landing.land('d.parquet', 'no Parquet at all');
      const records = await landing.drain({ posts: 6 });
      expect(brief(records)).toEqual([
        'a.parquet:1 rows 0-6',
        'a.parquet:7 rows 6-10',
        'b.parquet.gz:1 rows 0-2',
        'b.parquet.gz:3 rows 2-8',
        'b.parquet.gz:9 rows 8-10',
        'c.bin:1 rows 0-4',
        'c.bin:5 rows 4-10',
        'd.parquet:1 !unreadable',
      ]);
      const replayed = (await Promise.all(landing.batches().map(({ input }) => landing.read(input)))).flat();
      const unpacked = replayed.find((record) => record.source_file === 'b.parquet.gz')!;
      expect('parquet' in unpacked && (await rowsOf(unpacked.parquet.uri, 'WHERE i < 2'))).toHaveLength(2);
    } finally {
      connection.closeSync();
      duck.closeSync();
      rmSync(folder, { recursive: true });
    }
  });
});

describe('CSV', () => {
  const csv = (options: Partial<SourceOptions['csv']>) => ({
    csv: { header: 'auto', delimiter: 'auto', ...options } as SourceOptions['csv'],
  });

  async function firstOf(content: string, options: Partial<SourceOptions> = {}): Promise<unknown[]> {
    landing = await LandingFixture.open(options);
    landing.land('x.csv', content);
    return fieldsOf(await landing.drain());
  }

  it('without a header: numbers in the first record are no names', async () => {
    expect(await firstOf('"0","1467","Mon Apr 06","a, b"\n"4","1468","Tue Apr 07","c"\n')).toEqual([
      { column0: '0', column1: '1467', column2: 'Mon Apr 06', column3: 'a, b' },
      { column0: '4', column1: '1468', column2: 'Tue Apr 07', column3: 'c' },
    ]);
  });

  it('with names from the options', async () => {
    const given = csv({ header: 'no', columns: ['label', 'text'] });
    expect(await firstOf('label,text\n4,hi\n', given)).toEqual([
      { label: 'label', text: 'text' },
      { label: '4', text: 'hi' },
    ]);
  });

  it('a header that is said to be one, doubled and empty names made distinct', async () => {
    expect(await firstOf('1,1,\na,b,c\n', csv({ header: 'yes' }))).toEqual([
      { '1': 'a', '1_2': 'b', column2: 'c' },
    ]);
  });

  it('another delimiter, short records, empty fields and blank lines', async () => {
    expect(await firstOf('id~text~user\n\n1~hi\n   \n2~~bob\n', csv({ delimiter: '~' }))).toEqual([
      { id: '1', text: 'hi' },
      { id: '2', text: null, user: 'bob' },
    ]);
  });

  it('keeps quotes that do not quote', async () => {
    expect(await firstOf('id,text\n1,5" of "rain"\n2,"he said ""hi"""\n')).toEqual([
      { id: '1', text: '5" of "rain"' },
      { id: '2', text: 'he said "hi"' },
    ]);
  });
});

describe('integers that a double cannot hold', () => {
  it('become strings of their digits, at any depth; others stay numbers', async () => {
    landing = await LandingFixture.open();
    landing.land(
      'a.ndjson',
      '{"id":1467810369000000001,"near":9007199254740991,"user":{"id":[-9007199254740993]},"x":0.1234567890123456,"huge":1e999,"id_str":"1467810369000000001"}\n',
    );
    expect(fieldsOf(await landing.drain())).toEqual([
      {
        id: '1467810369000000001',
        near: 9007199254740991,
        user: { id: ['-9007199254740993'] },
        x: 0.1234567890123456,
        huge: '1e999',
        id_str: '1467810369000000001',
      },
    ]);
  });
});

describe('what is no file of posts', () => {
  it('is left out by name, and can be explained', async () => {
    landing = await LandingFixture.open();
    for (const name of ['.hidden.ndjson', '_underscore.ndjson', 'a.tmp', 'b.ndjson.part', 'c.crdownload'])
      landing.land(name, lines({ text: name }));
    landing.land('_delta_log/x.ndjson', lines({ text: 'x' }));
    landing.land('day=1/part-0.ndjson', lines({ text: 'seen' }));
    expect(brief(await landing.drain())).toEqual(['day=1/part-0.ndjson:1 seen']);
    expect((await landing.source.ls()).map(({ path, state }) => `${path} ${state}`)).toEqual([
      '.hidden.ndjson ignored',
      '_delta_log ignored',
      '_underscore.ndjson ignored',
      'a.tmp ignored',
      'b.ndjson.part ignored',
      'c.crdownload ignored',
      'day=1/part-0.ndjson read',
    ]);
    expect(await landing.source.explain('b.ndjson.part')).toMatchObject({
      state: 'ignored',
      message: 'ignored: b.ndjson.part is not finished (it ends in .part)',
    });
    expect(await landing.source.explain('_delta_log/x.ndjson')).toMatchObject({ state: 'ignored' });
  });

  it('is one fault when the content is nothing known', async () => {
    landing = await LandingFixture.open();
    landing.land('notes.txt', 'just some words\nand others\n');
    landing.land('picture.png', Buffer.from([0x89, 0x50, 0x4e, 0x47, 0, 1, 2, 3]));
    landing.land('wide.csv', Buffer.from('\uFEFFid,text\n1,hi\n', 'utf16le'));
    landing.land('empty.json', '');
    landing.land('blank.csv', ' \n\n ');
    const records = await landing.drain();
    expect(brief(records)).toEqual([
      'notes.txt:1 !unreadable',
      'picture.png:1 !unreadable',
      'wide.csv:1 !unreadable',
    ]);
    expect(records.map((record) => 'fault' in record && record.fault.reason)).toEqual([
      'neither JSON nor CSV nor Parquet, by its beginning',
      'the content is binary',
      'the text is UTF-16; save it as UTF-8',
    ]);
    expect(landing.source.state()).toEqual({ backlogFiles: 0, backlogBytes: 0, changedFiles: [] });
  });
});
