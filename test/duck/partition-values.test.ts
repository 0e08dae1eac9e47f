/**
 * Partition values and the paths that hold them, of every type and with every sign that a URI, a file system or a glob
 * treats in its own way: written, committed, reopened, read, and joined into larger files.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DeltaLog, optimize } from '../../src/delta/index.js';
import { DuckParquetHandler, type Row, scanSql, writeParquet } from '../../src/duck/index.js';
import { column, type PrimitiveType, struct } from '../../src/schema/column-types.js';
import { LocalStorage } from '../../src/storage/local.js';
import { DeltaTable } from '../../src/table/index.js';
import { collect } from '../table/collect.js';
import { type ColumnValue, partitionable, partitionValuesOf } from './any-values.js';
import { openDuck } from './open-duck.js';

const { dir, database, session } = await openDuck();

const types = Object.keys(partitionValuesOf).filter(partitionable) as PrimitiveType[];
const names = fc.constantFrom('p', 'Größe😀', 'a-b', 'x%y', 'q?r#s', 'u:v/w', '.dot');

interface Example {
  columns: { name: string; type: PrimitiveType }[];
  /** Two commits of rows: values of the partition columns. */
  commits: ColumnValue[][][];
}

const example: fc.Arbitrary<Example> = fc
  .uniqueArray(fc.record({ name: names, type: fc.constantFrom(...types) }), {
    minLength: 1,
    maxLength: 2,
    selector: ({ name }) => name,
  })
  .chain((columns) => {
    const row = fc.tuple(...columns.map(({ type }) => fc.option(partitionValuesOf[type]!, { freq: 6 })));
    return fc.record({
      columns: fc.constant(columns),
      commits: fc.array(fc.array(row, { minLength: 1, maxLength: 3 }), { minLength: 2, maxLength: 2 }),
    });
  });

let tables = 0;
const open = (folder: string) =>
  DeltaLog.open(new LocalStorage(folder), { parquet: new DuckParquetHandler(database) });

/** Row by row; the first column tells them apart. */
async function rowsOf(table: DeltaLog): Promise<Row[]> {
  const scan = await scanSql(session, table.snapshot, table.storage);
  return (await session.rows(`FROM (${scan}) ORDER BY id`)).map((row) => asOnePartition(row, []));
}

describe('partition values', () => {
  it('are the ones that were written, in the log, on the disk and in rows', async () => {
    await fc.assert(
      fc.asyncProperty(example, async ({ columns, commits }) => {
        const schema = struct(column('id', 'long'), ...columns.map(({ name, type }) => column(name, type)));
        const partitionColumns = columns.map(({ name }) => name);
        const folder = join(dir, `t ${tables}%41`);
        const storage = new LocalStorage(folder);
        const configuration = { 'delta.columnMapping.mode': 'none' };
        const table = await DeltaLog.create(
          storage,
          { parquet: new DuckParquetHandler(database) },
          { schema, partitionColumns, configuration },
        );
        const source = `rows_${tables++}`;
        let id = 0;
        for (const rows of commits) {
          const numbered = rows.map((row) => [id++, ...row]);
          await session.append(source, schema, numbered);
          const select = `FROM ${source} WHERE id >= ${id - rows.length}`;
          const transaction = table.begin();
          for (const file of await writeParquet(session, { select, storage, schema, partitionColumns }))
            transaction.add(file);
          await transaction.commit({ operation: 'WRITE' });
        }
        const texts = columns.flatMap(({ name, type }) => (type === 'string' ? [name] : []));
        const written = (await session.rows(`FROM ${source} ORDER BY id`)).map((row) =>
          asOnePartition(row, texts),
        );

        const reopened = await open(folder);
        expect(await rowsOf(reopened)).toEqual(written);
        for (const file of reopened.snapshot.files) {
          expect(file.path).toMatch(/^(?:[A-Za-z0-9\-_.!~*'();/@&=+$,]|%[0-9A-F]{2})+$/);
          expect(existsSync(join(folder, decodeURIComponent(file.path))), file.path).toBe(true);
          const folders = columns.map(
            ({ name }) => `${hive(name)}=${hive(file.partitionValues[name] ?? null)}`,
          );
          expect(decodeURIComponent(file.path).split('/').slice(0, -1)).toEqual(folders);
          for (const { name, type } of columns) {
            if (type === 'string' && file.partitionValues[name] !== null)
              expect(written.map((row) => row[name])).toContain(file.partitionValues[name]);
          }
        }
        const before = reopened.snapshot.fileCount;
        const compacted = await optimize(reopened, { targetSize: 1e9 });
        const again = await open(folder);
        expect(await rowsOf(again)).toEqual(written);
        expect(
          new Set(again.snapshot.files.map(({ partitionValues }) => JSON.stringify(partitionValues))).size,
        ).toBe(again.snapshot.fileCount);
        expect(compacted.versions.length > 0).toBe(again.snapshot.fileCount < before);
        const user = await DeltaTable.open(storage, { duck: database });
        await user.update({ set: { id: 'id + 100' }, where: 'id = 0' });
        await user.delete({ where: 'id = 1' });
        await user.close();
        const kept = written.filter((row) => row.id !== 1);
        const moved = kept.map((row) => ({ ...row, id: row.id === 0 ? 100 : row.id! }));
        expect(await rowsOf(await open(folder))).toEqual(moved.sort((a, b) => Number(a.id) - Number(b.id)));
      }),
      { numRuns: 25, interruptAfterTimeLimit: 20_000 },
    );
  });

  it('too long to name a folder are refused, and nothing is left behind', async () => {
    const schema = struct(column('p', 'string'), column('n', 'long'));
    const storage = new LocalStorage(join(dir, 'long'));
    const write = (p: string) =>
      writeParquet(session, {
        select: `SELECT unnest(['a', '${p}']) AS p, 1 AS n`,
        storage,
        schema,
        partitionColumns: ['p'],
      });
    await expect(write('/'.repeat(85))).rejects.toMatchObject({
      code: 'duck.partition_value_too_long',
      fault: 'user',
    });
    expect(await collect(storage.list(''))).toEqual([]);
    await expect(write('/'.repeat(84))).resolves.toHaveLength(2);
  });
});

/** The empty text and null are one partition, and so are 0 and -0. */
function asOnePartition(row: Row, texts: readonly string[]): Row {
  const entries = Object.entries(row).map(([name, value]) => {
    if (texts.includes(name) && value === '') return [name, null];
    return [name, value === 0 ? 0 : value];
  });
  return Object.fromEntries(entries);
}

/** How Hive and Spark write a value into a folder's name. */
function hive(text: string | null): string {
  if (text === null) return '__HIVE_DEFAULT_PARTITION__';
  const escaped = new Set('"#%\'*/:=?\\{[]^\u007f');
  return [...text]
    .map((sign) =>
      sign < ' ' || escaped.has(sign)
        ? `%${sign.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`
        : sign,
    )
    .join('');
}
