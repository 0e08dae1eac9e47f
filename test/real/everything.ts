/** Rows of every type that a table can have, with the values that break readers, as a query of DuckDB. */
import { arrayOf, column, type StructType, struct } from '../../src/schema/column-types.js';

export const everything: StructType = struct(
  column('id', 'long'),
  column('tiny', 'byte'),
  column('small', 'short'),
  column('int', 'integer'),
  column('real', 'float'),
  column('ratio', 'double'),
  column('price', 'decimal(9,2)'),
  column('amount', 'decimal(18,4)'),
  column('huge', 'decimal(38,10)'),
  column('flag', 'boolean'),
  column('bytes', 'binary'),
  column('day', 'date'),
  column('at', 'timestamp'),
  column('text', 'string'),
  column('tags', arrayOf('string')),
  column('person', struct(column('name', 'string'), column('born', 'date'), column('ids', arrayOf('long')))),
  column('visits', arrayOf(struct(column('at', 'timestamp'), column('score', 'double')))),
  column('counts', { type: 'map', keyType: 'string', valueType: 'long', valueContainsNull: true }),
  column('part', 'string'),
);

/** The same with a time without a zone, which asks more of a reader. */
export const everythingLocal: StructType = struct(...everything.fields, column('wall', 'timestamp_ntz'));

/** Texts that are hard to put in a path, or in a log. The empty one is null in a partition. */
export const oddTexts = [
  'plain',
  'a/b',
  '100%',
  '%41',
  'x=y?#',
  'zürich 😀',
  "it's",
  'say "so"',
  'a:b',
  'back\\slash',
  'a+b c',
  ' lead',
  '{[^*]}',
  'null',
];

/** Rows with these ids (from, to exclusive), each made from its id alone. */
export function everythingRows(from: number, to: number): string {
  const odd = oddTexts.map((text) => `'${text.replaceAll("'", "''")}'`).join(', ');
  return `SELECT
    (9007199254740993 + i)::BIGINT AS id,
    CASE WHEN i % 7 <> 0 THEN (i % 256 - 128)::TINYINT END AS tiny,
    CASE WHEN i % 7 <> 1 THEN (i * 131 % 65536 - 32768)::SMALLINT END AS small,
    CASE WHEN i % 7 <> 2 THEN (i * 7919 - 2147483648)::INTEGER END AS int,
    CASE i % 5 WHEN 0 THEN NULL WHEN 1 THEN 'inf'::FLOAT WHEN 2 THEN 'nan'::FLOAT ELSE (i / 3)::FLOAT END AS real,
    CASE i % 5 WHEN 0 THEN '-inf'::DOUBLE WHEN 1 THEN 'nan'::DOUBLE WHEN 2 THEN NULL ELSE i / 7 END AS ratio,
    CASE WHEN i % 7 <> 3 THEN (i * 9973 / 100)::DECIMAL(9,2) END AS price,
    CASE WHEN i % 7 <> 4 THEN (i - 50)::DECIMAL(18,4) * 12345678.9012 END::DECIMAL(18,4) AS amount,
    CASE WHEN i % 7 <> 5 THEN (i - 50) * 1234567890123456789.0123456789::DECIMAL(38,10) END::DECIMAL(38,10) AS huge,
    CASE i % 3 WHEN 0 THEN true WHEN 1 THEN false END AS flag,
    CASE WHEN i % 4 <> 0 THEN unhex(printf('%08x', i * 16777259 % 4294967296)) END AS bytes,
    CASE WHEN i % 6 <> 0 THEN DATE '1970-01-01' + (i * 37 - 5000)::INTEGER END AS day,
    CASE WHEN i % 6 <> 1 THEN make_timestamptz(1700000000123456 + i * 86400000001) END AS at,
    CASE i % 4 WHEN 0 THEN NULL WHEN 1 THEN '' ELSE [${odd}][1 + i % ${oddTexts.length}] || repeat('😀é', (i % 40)::INTEGER) END AS text,
    CASE i % 4 WHEN 0 THEN NULL WHEN 1 THEN [] ELSE ['#' || i, NULL, '😀'] END AS tags,
    CASE WHEN i % 5 <> 0 THEN {
      name: CASE WHEN i % 2 = 0 THEN 'p' || i END, born: DATE '2000-02-29' + (i % 99)::INTEGER,
      ids: CASE WHEN i % 3 <> 0 THEN [9007199254740993 + i, NULL] END} END AS person,
    CASE WHEN i % 3 <> 0 THEN [{"at": make_timestamptz(1700000000000001 + i), score: i / 8}, NULL] END AS visits,
    CASE WHEN i % 4 <> 2 THEN MAP {'a' || i: i, 'b': NULL} END AS counts,
    nullif([${odd}, '', NULL][1 + i % ${oddTexts.length + 2}], '') AS part,
    CASE WHEN i % 5 <> 3 THEN make_timestamp(1700000000654321 + i * 3600000000) END AS wall
  FROM range(${from}, ${to}) r(i)`;
}
