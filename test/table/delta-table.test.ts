import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { column, DeltaTable, struct } from '../../src/table/index.js';
import { collect } from './collect.js';

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'murmur-table-test-'));
});
afterAll(() => rm(dir, { recursive: true, force: true }));

const schema = struct(column('id', 'long'), column('text', 'string'));

describe('a table of its own', () => {
  it('is created, appended to, read, reopened and closed', async () => {
    const table = await DeltaTable.create(join(dir, 'first'), { schema });
    expect(await table.append([{ id: 1, text: 'a' }, { ID: 2n }])).toEqual({
      ...{ version: 1, rows: 2, skipped: false },
    });
    expect(await table.append({ sql: "SELECT 3 AS id, 'c' AS text" })).toMatchObject({ version: 2, rows: 1 });
    await table.close();
    await table.close();

    const again = await DeltaTable.open(join(dir, 'first'));
    const rows = await collect(again.rows({ where: 'id <> ?', params: [1] }));
    expect(rows.sort((a, b) => Number(a.id) - Number(b.id))).toEqual([
      { id: 2, text: null },
      { id: 3, text: 'c' },
    ]);
    expect(await collect(again.rows({ version: 1, columns: ['ID'], limit: 1 }))).toEqual([{ id: 1 }]);
    await again.close();
  });

  it('tells what its commits changed', async () => {
    const table = await DeltaTable.create(join(dir, 'changes'), { schema });
    await table.append([{ id: 1, text: 'a' }]);
    await table.append([{ id: 2, text: 'b' }, { id: 3 }]);
    const rows = await collect(table.changes({ from: 2 }));
    expect(rows.map(({ id, _change_type, _commit_version }) => [id, _change_type, _commit_version])).toEqual([
      [2, 'insert', 2],
      [3, 'insert', 2],
    ]);
    expect(await collect(table.changes({ from: 0, to: 1 }))).toHaveLength(1);
    expect(await collect(table.changes({ from: 0, limit: 2 }))).toHaveLength(2);
    await table.close();
  });

  it('takes rows that come one by one', async () => {
    const table = await DeltaTable.create(join(dir, 'stream'), { schema });
    async function* numbers() {
      for (let id = 0; id < 20_000; id++) yield { id };
    }
    expect(await table.append(numbers())).toMatchObject({ rows: 20_000 });
    await table.close();
  });
});
