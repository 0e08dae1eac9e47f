/** Tables that Murmur makes: Spark and Python's deltalake read every row of them, whatever was done to the table. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DeltaLog, optimize } from '../../src/delta/index.js';
import { writeParquet } from '../../src/duck/index.js';
import type { StructType } from '../../src/schema/column-types.js';
import { LocalStorage } from '../../src/storage/local.js';
import { everything, everythingLocal, everythingRows } from './everything.js';
import { Readers } from './readers.js';

let readers: Readers;
beforeAll(async () => {
  readers = await Readers.open();
});
afterAll(() => readers.close());

async function create(table: string, schema: StructType, partitionColumns: string[] = []): Promise<void> {
  await DeltaLog.create(new LocalStorage(readers.path(table)), readers.env, { schema, partitionColumns });
}

async function append(table: string, select: string): Promise<void> {
  const log = await readers.open(table);
  const { schema, metadata } = log.snapshot;
  const files = await writeParquet(readers.session, { select, storage: log.storage, schema, ...metadata });
  const transaction = log.begin();
  for (const file of files) transaction.add(file);
  const { outcome } = await transaction.commit({
    operation: 'WRITE',
    operationParameters: { mode: 'Append' },
  });
  expect(outcome).toBe('committed');
  await log.settled();
}

/** Both others read what the model says, and so do we. */
async function expectRead(table: string, model: string): Promise<void> {
  await readers.expectSame(await readers.ours(table), model);
  await readers.expectSame(await readers.deltalakes(table), model);
  await readers.expectSame(await readers.sparks(table), model);
}

describe.each([
  ['every type', 'plain', everything, []],
  ['every type, partitioned by odd texts', 'parted', everything, ['part']],
  ['partitions of every type', 'typed', everything, ['tiny', 'price', 'flag', 'day', 'at']],
  ['times without a zone', 'local', everythingLocal, []],
])('%s', (_, table, schema, partitionColumns) => {
  const columns = schema.fields.map((f) => `"${f.name}"`).join(', ');
  const model = (from: number, to: number) => `SELECT ${columns} FROM (${everythingRows(from, to)})`;
  const twice = `${model(0, 100)} UNION ALL ${model(30, 60)}`;

  it('after appends', async () => {
    await create(table, schema, partitionColumns);
    await append(table, model(0, 100));
    await append(table, model(30, 60));
    await expectRead(table, twice);
  });

  it('after optimize', async () => {
    const log = await readers.open(table);
    expect((await optimize(log, { targetSize: 2 ** 27 })).versions).toHaveLength(1);
    await expectRead(table, twice);
  });
});
