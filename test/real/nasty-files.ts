/** CSV files that are hard to read alike, drawn from a seed; Parquet files of every type that DuckDB writes, sound and spoiled. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { DuckDatabase } from '../../src/duck/index.js';
import type { Draw } from './nasty-texts.js';

const csv: Record<string, string | Buffer> = {
  'quotes.csv':
    'id,text,user\n1,"two\nlines, and ""quotes""",ann\n2,plain "quotes" inside,bob\n3,"closed" too early,eve\n',
  'cells.csv': 'text,user,date\nmissing\nall,three,2009-04-06\nsurplus,a,b,c\n,,\n"",x,""\n',
  'windows.CSV': '\uFEFFtext;user\r\n"a\r\nb";ann\r\n\r\n \t\r\nlast;bob',
  'sentiment140.csv':
    '"0","1467810369","Mon Apr 06 22:19:45 PDT 2009","NO_QUERY","_TheSpecialOne_","@switchfoot http://twitpic.com/2y1zl - Awww"\n' +
    '"4","1467810672","Mon Apr 06 22:19:49 PDT 2009","NO_QUERY","scotthamilton","is upset, ""really"""\n',
  'header only.csv': 'text,user,date\n',
  'no bytes.csv': '',
  'blank.csv': '\n \r\n\t\n',
  'open quote.csv': 'text,user\n"never closed,ann\nsound,bob\n"closed\nlater",eve\n',
  'tabs.tsv': 'text\tuser\na "b"\tann\n"c\td"\tbob\n',
  pipes: 'text|user\na|b\nc|d\n',
  'broken.csv': Buffer.from('text,user\n\xff,x\n\xe9t\xe9,y\nnul\0,z\nsound,ok\n', 'latin1'),
  'long.csv': `text,user\n${'long '.repeat(600)},x\n"${'in quotes\n'.repeat(300)}",y\nshort,z\n`,
  'utf16.csv': Buffer.from('\uFEFFtext,user\na,b\n', 'utf16le'),
  'twice,named.csv': 'text,text,,user\na,b,c,d\n',
  'words.txt': 'neither this\nnor that\n',
  'noise.dat': Buffer.from([1, 0, 2, 255, 254]),
  'spread.txt': '{"text":"an object a line, whatever the name"}\n{"text":\n',
};

const pieces =
  'a|text|"|""|,|,|;|\t|\n|\n|\r\n|\r| |é|😀|\0|12|2009-04-06|"x,y"|"q\nr"|"he said ""hi"""|"a"b|\'|\\|https://x.y|No way! yes|\n\n| \n|\u2028|id|user'.split(
    '|',
  );
const heads = ['text,user\n', 'id,text,date\r\n', '\uFEFFtext;user\n', '"text","user"\n', 'a\tb\tc\n', ''];
const names = ['.csv', '.csv', '.tsv', '.txt', ''];

/** Puts them into a folder. @returns their paths */
export async function landNastyFiles(folder: string, d: Draw): Promise<string[]> {
  const files: Record<string, Buffer> = {};
  for (const [name, content] of Object.entries(csv)) files[name] = Buffer.from(content);
  for (let i = 0; i < 60; i++) {
    const parts = [d.one(heads)];
    for (let n = d.below(40); n > 0; n--) parts.push(d.one(pieces));
    files[`drawn/${i}${d.one(names)}`] = Buffer.from(parts.join(''));
  }
  const sound = files['quotes.csv']!;
  files['whole.csv.gz'] = gzipSync(sound);
  files['twofold.csv.gz'] = Buffer.concat([gzipSync(sound), gzipSync('4,four,dan\n')]);
  files['followed.csv.gz'] = Buffer.concat([gzipSync(sound), Buffer.from('more')]);
  files['padded.csv.gz'] = Buffer.concat([gzipSync(sound), Buffer.alloc(512)]);
  files['nothing out.csv.gz'] = gzipSync(sound).subarray(0, 12);
  files['zipped.csv'] = gzipSync(sound);
  const long = gzipSync(Array.from({ length: 3_000 }, (_, i) => `${i},${d.below(1e9)} @x,ann\n`).join(''));
  files['cut.csv.gz'] = long.subarray(0, long.length / 2);
  files['cut.ndjson.gz'] = gzipSync(
    Array.from({ length: 3_000 }, () => `{"text":"${d.below(1e9)}"}\n`).join(''),
  ).subarray(0, 9_000);
  for (const [name, content] of Object.entries(files)) {
    const path = join(folder, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
  }
  return [...Object.keys(files), ...(await landParquet(folder))];
}

/** Every type, in a column of its own beside what makes a post. */
const types = `
  id BIGINT, u UBIGINT, tiny TINYINT, f FLOAT, x DOUBLE, yes BOOLEAN, ts TIMESTAMP, ts_utc TIMESTAMPTZ, ts_ms TIMESTAMP_MS, ts_ns TIMESTAMP_NS,
  day DATE, hour TIME, price DECIMAL(10, 2), large DECIMAL(38, 9), bytes BLOB, key UUID, kind ENUM ('a', 'b'),
  list BIGINT[], lists VARCHAR[][], object STRUCT(a INT, b STRUCT(c TIMESTAMP, d BLOB)), objects STRUCT(n DOUBLE)[],
  words MAP(VARCHAR, VARCHAR), numbers MAP(INT, VARCHAR)`;

const values = [
  `9007199254740993, 18446744073709551615, -128, 0.1, 1e300, true, '2009-04-06 22:19:45.123456', '2009-04-06 22:19:45+02', '2009-04-06 22:19:45.5',
   '2009-04-06 22:19:45.123456789', '2009-04-06', '22:19:45.5', 1.5, 12345678901234567890.123456789, 'a\\xFF'::BLOB,
   '00000000-0000-0000-0000-0000000000ff', 'b', [1, NULL, 9007199254740993], [['a'], [], NULL], {a: 1, b: {c: '2020-01-01', d: 'x'::BLOB}},
   [{n: 1.5}, NULL], MAP {'k': 'v', 'l': NULL}, MAP {1: 'v'}`,
  `-1, 0, 0, 'nan', '-infinity', false, '0001-01-01', '1969-12-31 23:59:59.999999Z', '1969-12-31 23:59:59.999', '1969-12-31 23:59:59.999999999',
   '1582-10-04', '00:00:00', -0.01, 0, ''::BLOB, NULL, 'a', [], [], {a: NULL, b: NULL}, [], MAP {}, MAP {}`,
  Array.from({ length: 23 }, () => 'NULL').join(', '),
];

async function landParquet(folder: string): Promise<string[]> {
  const duck = await DuckDatabase.open();
  try {
    const session = await duck.connect();
    const copy = (select: string, name: string, how = '') =>
      session.run(`COPY (${select}) TO '${join(folder, name)}' (FORMAT parquet${how})`);
    await session.run(`CREATE TABLE typed (text VARCHAR, "user" VARCHAR, ${types})`);
    for (const row of values) await session.run(`INSERT INTO typed VALUES ('a "text" 😀', 'ann', ${row})`);
    await copy('FROM typed', 'typed.parquet');
    await copy(
      `SELECT 'post ' || i AS text, 'user' AS "user", i AS seq, i % 5 AS sentiment FROM range(1100) t(i)`,
      'many.parquet',
      ', COMPRESSION zstd',
    );
    await copy('SELECT text, "user" FROM typed LIMIT 0', 'no rows.parquet');
  } finally {
    await duck.close();
  }
  const typed = readFileSync(join(folder, 'typed.parquet'));
  const many = readFileSync(join(folder, 'many.parquet'));
  const spoiled: Record<string, Buffer> = {
    'torn.parquet': many.subarray(0, many.length / 2),
    'words.parquet': Buffer.from('this is no Parquet at all'),
    'zipped.parquet.gz': gzipSync(typed),
    'torn.parquet.gz': gzipSync(typed).subarray(0, typed.length / 2),
    'no name': typed,
  };
  for (const [name, content] of Object.entries(spoiled)) writeFileSync(join(folder, name), content);
  return ['typed.parquet', 'many.parquet', 'no rows.parquet', ...Object.keys(spoiled)];
}
