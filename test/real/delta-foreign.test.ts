/** Tables that Spark makes: we read every row, write where we may and refuse by name where not, and Spark reads what we wrote. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Readers } from './readers.js';
import { type SparkTable, sparkTables } from './spark-tables.js';

let readers: Readers;
beforeAll(async () => {
  readers = await Readers.open();
});
afterAll(() => readers.close());

const refusal = (feature: string) => ({ code: 'delta.unsupported_feature', context: { feature } });

describe.each(sparkTables)('$name', ({ name, made, refuses = {} }: SparkTable) => {
  beforeAll(async () => {
    for (const statement of made) await readers.sql(statement);
  });

  const { read, write, rows } = refuses;
  if (read !== undefined) {
    it(`is refused, naming ${read}`, async () => {
      await expect(readers.open(name)).rejects.toMatchObject(refusal(read));
    });
    return;
  }

  it('has the rows that Spark reads', async () => {
    await readers.expectSame(await readers.ours(name), await readers.sparks(name));
  });

  if (write !== undefined) {
    it(`takes no rows from us: ${write}`, async () => {
      const table = await readers.table(name);
      const { version } = table;
      const again = { sql: `FROM (${await readers.ours(name)}) LIMIT 1` };
      await expect(table.append(again)).rejects.toMatchObject(refusal(write));
      await expect(table.delete()).rejects.toMatchObject(refusal(write));
      await expect(table.optimize()).rejects.toMatchObject(refusal(write));
      expect((await table.refresh()).version).toBe(version);
      await table.close();
    });
    return;
  }

  it('is read by Spark after we have appended, optimized and deleted, and goes on with it', async () => {
    const table = await readers.table(name);
    await readers.session.run(`CREATE OR REPLACE TABLE model AS ${await readers.ours(name)}`);
    await table.append({ sql: 'FROM model WHERE id % 2 = 0' });
    await readers.session.run('INSERT INTO model FROM model WHERE id % 2 = 0');
    await expectBoth(name);
    expect((await table.optimize()).versions).toHaveLength(1);
    await expectBoth(name);
    if (rows === undefined) {
      await table.delete({ where: 'id % 5 = 1' });
      await readers.session.run('DELETE FROM model WHERE id % 5 = 1');
      await expectBoth(name);
    } else await expect(table.delete({ where: 'id % 5 = 1' })).rejects.toMatchObject(refusal(rows));
    await table.close();
    await readers.sql(`DELETE FROM {${name}} WHERE id % 5 = 2`);
    await readers.session.run('DELETE FROM model WHERE id % 5 = 2');
    await expectBoth(name);
  });
});

async function expectBoth(name: string): Promise<void> {
  await readers.expectSame(await readers.ours(name), 'FROM model');
  await readers.expectSame(await readers.sparks(name), 'FROM model');
}
