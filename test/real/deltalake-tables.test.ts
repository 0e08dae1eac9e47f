/** Tables that Python's deltalake makes: we read every row after each of its verbs, write on, and it reads what we wrote. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { everythingRows } from './everything.js';
import { Readers } from './readers.js';

let readers: Readers;
beforeAll(async () => {
  readers = await Readers.open();
});
afterAll(() => readers.close());

describe.each([
  ['whole', undefined],
  ['parted', ['part', 'flag']],
])('%s', (name, partition_by) => {
  const ask = (command: string, fields: Record<string, unknown> = {}) =>
    readers.deltalake.ask(command, { table: readers.path(name), ...fields });
  const rowsFile = (from: number, to: number) => readers.parquet(everythingRows(from, to));

  async function expectSame(): Promise<void> {
    await readers.expectSame(await readers.ours(name), await readers.deltalakes(name));
  }

  it.each<[string, () => Promise<unknown>]>([
    ['append', async () => ask('write', { rows: await rowsFile(0, 80), partition_by })],
    ['another append', async () => ask('write', { rows: await rowsFile(80, 120) })],
    ['delete', () => ask('delete', { where: 'int % 9 = 4' })],
    ['update', () => ask('update', { where: 'tiny > 50', set: { text: `'new 😀'` } })],
    ['merge', async () => ask('merge', { rows: await rowsFile(100, 140), on: 's.id = t.id' })],
    ['optimize', () => ask('optimize')],
    ['Z-order', () => ask('optimize', { zorder_by: ['id', 'small'] })],
    ['checkpoint', () => ask('checkpoint')],
    ['restore', () => ask('restore', { version: 3 })],
    ['vacuum', () => ask('vacuum')],
  ])('after its %s', async (_, act) => {
    await act();
    await expectSame();
  });

  it('after our verbs, and its own behind them', async () => {
    const table = await readers.table(name);
    await readers.session.run(`CREATE OR REPLACE TABLE model AS ${await readers.ours(name)}`);
    const both = async (model: string) => {
      if (model !== '') await readers.session.run(model);
      await readers.expectSame(await readers.ours(name), 'FROM model');
      await readers.expectSame(await readers.deltalakes(name), 'FROM model');
    };
    await table.append({ sql: everythingRows(200, 230) });
    await both(`INSERT INTO model BY NAME ${everythingRows(200, 230)}`);
    await table.optimize();
    await both('');
    await table.delete({ where: 'small < 0' });
    await both('DELETE FROM model WHERE small < 0');
    await table.update({ set: { text: `'ours'` }, where: 'int % 4 = 0' });
    await both(`UPDATE model SET text = 'ours' WHERE int % 4 = 0`);
    await table.close();
    await ask('write', { rows: await rowsFile(300, 310) });
    await both(`INSERT INTO model BY NAME ${everythingRows(300, 310)}`);
    const { history } = await readers.deltalake.ask<{ history: { operation: string }[] }>('about', {
      table: readers.path(name),
    });
    const ours = await (await readers.open(name)).history();
    expect(history.map(({ operation }) => operation)).toEqual(ours.map(({ operation }) => operation));
  });
});
