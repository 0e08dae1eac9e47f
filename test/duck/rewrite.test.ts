import { readdir } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { DuckParquetHandler, scanSql, writeParquet } from '../../src/duck/index.js';
import { arrayOf, column, type StructType, struct } from '../../src/schema/column-types.js';
import type { LocalStorage } from '../../src/storage/local.js';
import { addsOf, liveTable } from './live-table.js';
import { openDuck } from './open-duck.js';

const { storage, database, session } = await openDuck();
const handler = new DuckParquetHandler(database);

const schema = struct(
  column('i', 'long'),
  column('s', 'string'),
  column('tags', arrayOf('string')),
  column('p', 'string'),
);
const rows = (from: number, to: number) =>
  `SELECT i, CASE WHEN i % 5 = 0 THEN NULL ELSE md5(i::VARCHAR) END AS s, CASE i % 3 WHEN 0 THEN NULL WHEN 1 THEN [] ELSE ['😀', NULL] END AS tags,
     CASE i % 2 WHEN 0 THEN 'a/b' END AS p FROM range(${from}, ${to}) r(i)`;

async function filesOf(
  table: LocalStorage,
  schema: StructType,
  parts: [number, number][],
  partitionColumns: string[] = [],
) {
  const files = [];
  for (const [from, to] of parts) {
    files.push(
      ...(await writeParquet(session, { select: rows(from, to), storage: table, schema, partitionColumns })),
    );
  }
  return files;
}

describe('rewriting files', () => {
  it('many small ones become one with the same rows in the same order', async () => {
    const table = storage.at('small');
    const before = await filesOf(table, schema, [
      [0, 50],
      [50, 51],
      [51, 300],
    ]);
    const configuration = { 'delta.dataSkippingStatsColumns': 'i' };
    const request = {
      storage: table,
      schema,
      partitionColumns: [],
      configuration,
      files: addsOf(before),
      targetSize: 2 ** 26,
    };
    const after = await handler.rewrite(request);
    expect(after).toHaveLength(1);
    expect(await session.rows(await scanSql(session, liveTable(schema, after), table))).toEqual(
      await session.rows(await scanSql(session, liveTable(schema, before), table)),
    );
    expect(after[0]!.stats).toBe(
      '{"numRecords":300,"minValues":{"i":0},"maxValues":{"i":299},"nullCount":{"i":0}}',
    );
  });

  it('large ones are cut near the target', async () => {
    const table = storage.at('large');
    const before = await filesOf(table, schema, [
      [0, 40_000],
      [40_000, 80_000],
    ]);
    const bytes = before.reduce((n, f) => n + f.size, 0);
    const targetSize = Math.round(bytes / 4);
    const after = await handler.rewrite({
      storage: table,
      schema,
      partitionColumns: [],
      configuration: {},
      files: addsOf(before),
      targetSize,
    });
    expect(after.length).toBe(4);
    let next = 0;
    for (const file of after) {
      expect(
        await session.scalar(
          `SELECT count(*) FILTER (i <> ${next} + file_row_number) FROM '${table.uri(file.path)}'`,
        ),
      ).toBe(0);
      next += file.numRecords;
    }
    expect(next).toBe(80_000);
  });

  it('keeps partitions apart, with their values as the log has them', async () => {
    const table = storage.at('parted');
    const before = await filesOf(
      table,
      schema,
      [
        [0, 10],
        [10, 20],
      ],
      ['p'],
    );
    const after = await handler.rewrite({
      storage: table,
      schema,
      partitionColumns: ['p'],
      configuration: {},
      files: addsOf(before),
      targetSize: 2 ** 26,
    });
    expect(after.map((f) => [f.partitionValues.p, f.numRecords, f.path.split('/')[0]])).toEqual(
      expect.arrayContaining([
        ['a/b', 10, 'p=a%2Fb'],
        [null, 10, 'p=__HIVE_DEFAULT_PARTITION__'],
      ]),
    );
    const sorted = async (files: typeof after) =>
      session.rows(`FROM (${await scanSql(session, liveTable(schema, files, ['p']), table)}) ORDER BY i`);
    expect(await sorted(after)).toEqual(await sorted(before));
  });

  it('that loses or gains rows is found, and leaves nothing behind', async () => {
    const table = storage.at('wrong');
    const before = await filesOf(table, schema, [[0, 10]]);
    const lying = addsOf(before).map((f) => ({ ...f, stats: '{"numRecords":11}' }));
    const rewrite = handler.rewrite({
      storage: table,
      schema,
      partitionColumns: [],
      configuration: {},
      files: lying,
      targetSize: 2 ** 26,
    });
    await expect(rewrite).rejects.toMatchObject({ code: 'duck.rewrite_mismatch', fault: 'internal' });
    expect(await readdir(table.root)).toEqual(before.map((f) => f.path));
  });
});
