import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { AddFile } from '../../src/delta/actions.js';
import {
  exportParquet,
  registerTables,
  type ScanTarget,
  scanSql,
  writeParquet,
} from '../../src/duck/index.js';
import { arrayOf, column, type StructType, struct } from '../../src/schema/column-types.js';
import type { LocalStorage } from '../../src/storage/local.js';
import { addsOf, liveTable } from './live-table.js';
import { openDuck } from './open-duck.js';

const { dir, storage, database, session } = await openDuck();

const rowsOf = async (table: ScanTarget, options = {}, where: LocalStorage = storage) =>
  session.rows(await scanSql(session, table, where, options));

/** A file as some writer left it, without casts of ours. */
async function foreignFile(select: string, path = `foreign-${files++}.parquet`): Promise<AddFile> {
  await mkdir(join(dir, path, '..'), { recursive: true });
  await session.run(`COPY (${select}) TO '${storage.uri(path).replaceAll("'", "''")}' (FORMAT parquet)`);
  return { path: encodeURI(path), partitionValues: {}, size: 1, modificationTime: 1, dataChange: true };
}
let files = 0;

function table(schema: StructType, adds: AddFile[], partitionColumns: string[] = []): ScanTarget {
  return { schema, files: adds, metadata: { partitionColumns, configuration: {} } };
}

describe('files of other times and writers', () => {
  const schema = struct(
    column('id', 'long'),
    column('name', 'string'),
    column('st', struct(column('a', 'long'), column('b', 'string'))),
    column('at', 'timestamp'),
    column('added', arrayOf('double')),
    column('price', 'decimal(10,2)'),
    column('nothing', 'void'),
  );

  it('columns that a file lacks, or none has, are typed nulls; names ignore case; narrow types widen', async () => {
    const old = await foreignFile(
      "SELECT 1::INTEGER AS ID, {'a': 7::INTEGER} AS st, TIMESTAMP '2024-01-02 03:04:05' AS At",
    );
    const newer = await foreignFile(
      "SELECT 'n' AS name, 2::BIGINT AS id, {'a': 8::BIGINT, 'b': 'x'} AS st, 9 AS gone",
    );
    const both = table(schema, [old, newer]);
    expect(await rowsOf(both)).toEqual([
      {
        id: 1,
        name: null,
        st: { a: 7, b: null },
        at: '2024-01-02T03:04:05Z',
        added: null,
        price: null,
        nothing: null,
      },
      { id: 2, name: 'n', st: { a: 8, b: 'x' }, at: null, added: null, price: null, nothing: null },
    ]);
    const types = await session.query(await scanSql(session, both, storage));
    expect(types.columns.map((c) => c.type)).toEqual([
      'BIGINT',
      'VARCHAR',
      'STRUCT("a" BIGINT, "b" VARCHAR)',
      'TIMESTAMP WITH TIME ZONE',
      'DOUBLE[]',
      'DECIMAL(10,2)',
      'INTEGER',
    ]);
    expect(await rowsOf(table(schema, [old]), { columns: ['ADDED', 'id'] })).toEqual([
      { added: null, id: 1 },
    ]);
  });

  it('a table without files has its columns and no rows', async () => {
    const empty = await session.query(
      await scanSql(session, table(schema, []), storage, { rowNumbers: true }),
    );
    expect(empty.rows).toEqual([]);
    expect(empty.columns.map((c) => c.name)).toEqual([
      ...schema.fields.map((f) => f.name),
      'filename',
      'file_row_number',
    ]);
  });

  it('a file may be named by an absolute path or URL, and folders may hold signs that globs use', async () => {
    const odd = await foreignFile('SELECT 1::BIGINT AS id', "a[b]*c'd/%41 ü.parquet");
    const inside = { ...odd, path: `a%5Bb%5D*c'd/%2541%20%C3%BC.parquet` };
    const absolute = { ...odd, path: encodeURI(storage.uri("a[b]*c'd/%41 ü.parquet")) };
    const url = { ...odd, path: pathToFileURL(storage.uri("a[b]*c'd/%41 ü.parquet")).href };
    const simple = struct(column('id', 'long'));
    for (const file of [inside, absolute, url]) {
      expect(await rowsOf(table(simple, [file])), file.path).toEqual([{ id: 1 }]);
    }
  });

  it('partition values come from the log, not from directories or columns of that name', async () => {
    const p = struct(column('id', 'long'), column('P', 'integer'), column('q', 'string'));
    const one = {
      ...(await foreignFile('SELECT 1 AS id, 99 AS p', 'p=5/x=1/one.parquet')),
      partitionValues: { P: '7', q: null },
    };
    const two = {
      ...(await foreignFile('SELECT 2 AS id', 'p=6/two.parquet')),
      partitionValues: { P: '8', q: '' },
    };
    const three = {
      ...(await foreignFile('SELECT 3 AS id', 'p=6/three.parquet')),
      partitionValues: { P: '7', q: "o'q" },
    };
    const parts = table(p, [one, two, three], ['P', 'q']);
    expect(await session.rows(`FROM (${await scanSql(session, parts, storage)}) ORDER BY id`)).toEqual([
      { id: 1, P: 7, q: null },
      { id: 2, P: 8, q: null },
      { id: 3, P: 7, q: "o'q" },
    ]);
    expect(await rowsOf(parts, { columns: ['P'], files: [two] })).toEqual([{ P: 8 }]);
  });
});

describe('options', () => {
  const schema = struct(column('i', 'long'), column('s', 'string'));

  it('row numbers name each row; files and order are as asked', async () => {
    const a = await foreignFile('SELECT i::BIGINT AS i FROM range(3) r(i)', 'numbered-a.parquet');
    const b = await foreignFile(
      "SELECT (i + 10)::BIGINT AS i, 'x' AS s FROM range(2) r(i)",
      'numbered-b.parquet',
    );
    const uri = (name: string) => storage.uri(name);
    expect(await rowsOf(table(schema, [a, b]), { rowNumbers: true, columns: ['i'], files: [b, a] })).toEqual([
      { i: 10, filename: uri('numbered-b.parquet'), file_row_number: 0 },
      { i: 11, filename: uri('numbered-b.parquet'), file_row_number: 1 },
      { i: 0, filename: uri('numbered-a.parquet'), file_row_number: 0 },
      { i: 1, filename: uri('numbered-a.parquet'), file_row_number: 1 },
      { i: 2, filename: uri('numbered-a.parquet'), file_row_number: 2 },
    ]);
  });

  it('are checked', async () => {
    const own = struct(column('FileName', 'string'));
    const file = await foreignFile("SELECT 'mine' AS filename");
    expect(await rowsOf(table(own, [file]))).toEqual([{ FileName: 'mine' }]);
    await expect(scanSql(session, table(own, [file]), storage, { rowNumbers: true })).rejects.toThrow(
      /DuckDB uses for itself/,
    );
    await expect(scanSql(session, table(schema, [file]), storage, { columns: ['nope'] })).rejects.toThrow(
      'column nope is not among i, s',
    );
  });
});

describe('tables under their names', () => {
  const schema = struct(column('i', 'long'), column('at', 'timestamp'));

  it('are views of one session, replaced at will, empty before the table exists', async () => {
    const files = await writeParquet(session, { select: 'SELECT 1 AS i', storage, schema });
    const other = await database.connect();
    await registerTables(session, { gold: { schema }, 'od"d': { schema } });
    expect(await session.query('FROM gold')).toEqual({
      columns: [
        { name: 'i', type: 'BIGINT' },
        { name: 'at', type: 'TIMESTAMP WITH TIME ZONE' },
      ],
      rows: [],
    });
    expect(await session.rows('FROM "od""d"')).toEqual([]);
    await registerTables(session, { gold: { snapshot: liveTable(schema, files), storage } });
    expect(await session.rows('SELECT * FROM gold')).toEqual([{ i: 1, at: null }]);
    await expect(other.rows('FROM gold')).rejects.toMatchObject({ code: 'duck.sql_error' });
    await other.close();
  });

  it('export to one file', async () => {
    const to = join(dir, "out 'put.parquet");
    const files = await writeParquet(session, { select: 'SELECT i FROM range(10) r(i)', storage, schema });
    expect(await exportParquet(session, liveTable(schema, files), storage, to)).toBe(10);
    expect(
      await session.rows(
        `SELECT count(*) n, sum(i)::BIGINT s FROM read_parquet('${to.replaceAll("'", "''")}')`,
      ),
    ).toEqual([{ n: 10, s: 45 }]);
    expect(await exportParquet(session, liveTable(schema, []), storage, to)).toBe(0);
    const empty = await session.query(`FROM read_parquet('${to.replaceAll("'", "''")}')`);
    expect(empty.columns.map((c) => c.name)).toEqual(['i', 'at']);
    const nowhere = exportParquet(session, liveTable(schema, files), storage, join(dir, 'no/such/x.parquet'));
    await expect(nowhere).rejects.toMatchObject({ code: 'duck.io_failed', fault: 'external' });
  });
});

describe('paths', () => {
  it('of written files, encoded for the log, lead back to them', async () => {
    const schema = struct(column('id', 'long'), column('p', 'string'));
    const select = "SELECT * FROM (VALUES (1, 'a%b/c d?e#f'), (2, 'ü 😀'), (3, '../x'), (4, '[*]')) v(id, p)";
    const files = await writeParquet(session, { select, storage, schema, partitionColumns: ['p'] });
    const target = liveTable(schema, files, ['p']);
    expect(await session.rows(`FROM (${await scanSql(session, target, storage)}) ORDER BY id`)).toEqual(
      await session.rows(select),
    );
    expect(addsOf(files).every((f) => !/[?# ]/.test(f.path))).toBe(true);
  });
});
