import { beforeEach, describe, expect, it } from 'vitest';
import { DeltaLog, type TableSpec } from '../../src/delta/index.js';
import { commitPath } from '../../src/delta/log-files.js';
import { neededProtocol } from '../../src/delta/needed-protocol.js';
import { column, struct } from '../../src/schema/column-types.js';
import { MemoryStorage } from '../../src/storage/memory.js';
import { append, createTable, HandClock, schema, testEnv } from './rows.js';
import { shortOf, transactionsOn, write } from './transactions.js';

let storage: MemoryStorage;
beforeEach(() => {
  storage = new MemoryStorage();
});

const { open, newFile, infoOf } = transactionsOn(() => storage);

describe('in-commit timestamps', () => {
  const enabled = { 'delta.enableInCommitTimestamps': 'true' };
  const times = async (version: number) => (await infoOf(version)).inCommitTimestamp;

  it('come first, only grow, and are made anew behind a winner', async () => {
    const clock = new HandClock(1_000);
    const table = await createTable(storage, enabled, testEnv({ clock }));
    expect(table.snapshot.protocol).toEqual({
      ...{ minReaderVersion: 1, minWriterVersion: 7 },
      writerFeatures: ['appendOnly', 'invariants', 'inCommitTimestamp'],
    });
    expect(await times(0)).toBe(1_000);
    clock.time = 500;
    const late = table.begin().add(await newFile(1));
    await append(await DeltaLog.open(storage, testEnv({ clock })), 2);
    await write(late);
    expect([await times(1), await times(2)]).toEqual([1_001, 1_002]);
    clock.time = 9_000;
    await append(table, 3);
    expect(await times(3)).toBe(9_000);
    expect(Object.keys((await infoOf(3)) as object)[0]).toBe('inCommitTimestamp');
    expect(table.snapshot.timestamp).toBe(9_000);
    const { configuration } = table.snapshot.metadata;
    expect(configuration).toEqual(enabled);
  });

  it('say since when they are there, where they came later', async () => {
    const clock = new HandClock(1_000);
    const table = await createTable(storage, {}, testEnv({ clock }));
    await append(table, 1);
    expect(await times(1)).toBeUndefined();
    const metadata = { ...table.snapshot.metadata, configuration: enabled };
    const enabling = table.begin().setMetadata(metadata).setProtocol(neededProtocol(metadata));
    await append(await DeltaLog.open(storage, testEnv({ clock })), 2);
    await write(enabling);
    expect(table.snapshot.metadata.configuration).toEqual({
      ...enabled,
      'delta.inCommitTimestampEnablementVersion': '3',
      'delta.inCommitTimestampEnablementTimestamp': String(await times(3)),
    });
    await write(table.begin().setMetadata({ ...table.snapshot.metadata, configuration: {} }));
    await append(table, 3);
    expect(await times(5)).toBeUndefined();
  });
});

describe('a table with a change data feed', () => {
  it('takes what tells its changes by itself, and nothing else', async () => {
    const table = await createTable(storage, { 'delta.enableChangeDataFeed': 'true' });
    const file = await append(table, 1, 2);
    const rewrite = table
      .begin()
      .remove(file)
      .add(await newFile(1));
    await expect(write(rewrite)).rejects.toMatchObject({ context: { feature: 'changeDataFeed' } });
    const joined = table
      .begin()
      .remove(file, { dataChange: false })
      .add(await newFile(1, 2), { dataChange: false });
    expect(shortOf(await write(joined))).toBe('committed 2');
    const replaced = table.begin().remove(table.snapshot.files[0]!).wholeFiles();
    expect(shortOf(await write(replaced.add(await newFile(5))))).toBe('committed 3');
    expect(shortOf(await write(table.begin().remove(table.snapshot.files[0]!)))).toBe('committed 4');
  });
});

describe('the protocol of a new table', () => {
  const create = (spec: Partial<TableSpec>) => DeltaLog.create(storage, testEnv(), { schema, ...spec });

  it.each([
    ['columnMapping', { 'delta.columnMapping.mode': 'name' }],
    ['typeWidening', { 'delta.enableTypeWidening': 'true' }],
    ['rowTracking', { 'delta.enableRowTracking': 'true' }],
    ['checkConstraints', { 'delta.constraints.positive': 'n > 0' }],
    ['icebergCompatV2', { 'delta.enableIcebergCompatV2': 'true' }],
  ])('refuses %s by name before anything is written', async (feature, configuration) => {
    await expect(create({ configuration })).rejects.toMatchObject({
      ...{ code: 'delta.unsupported_feature', context: { feature } },
    });
    expect(await storage.stat(commitPath(0))).toBeUndefined();
  });

  it.each([
    ['generatedColumns', 'delta.generationExpression'],
    ['allowColumnDefaults', 'CURRENT_DEFAULT'],
    ['invariants', 'delta.invariants'],
  ])('refuses columns with %s', async (feature, key) => {
    const special = { ...column('n', 'long'), metadata: { [key]: '1' } };
    await expect(create({ schema: struct(special) })).rejects.toMatchObject({ context: { feature } });
  });

  it.each([
    { 'delta.minReaderVersion': '3' },
    { 'delta.feature.rowTracking': 'supported' },
    { 'delta.appendOnly': 'yes' },
    { 'delta.checkpointInterval': '0' },
    { 'delta.logRetentionDuration': 'a while' },
    { 'delta.isolationLevel': 'Snapshot' },
  ])('refuses the property %o', async (configuration) => {
    await expect(create({ configuration })).rejects.toMatchObject({ code: 'delta.bad_property' });
  });
});

describe('creating a table', () => {
  it('lets one of many creators have version 0 and the others open it', async () => {
    const tables = await Promise.all(Array.from({ length: 8 }, () => createTable(storage)));
    expect(new Set(tables.map(({ snapshot }) => snapshot.metadata.id)).size).toBe(1);
    expect((await open()).snapshot).toMatchObject({ version: 0, schema });
    expect((await open()).snapshot.protocol).toEqual({ minReaderVersion: 1, minWriterVersion: 2 });
  });

  it('refuses another table in its place', async () => {
    await createTable(storage);
    const other = { schema: struct(column('n', 'string'), column('p', 'string')) };
    await expect(DeltaLog.create(storage, testEnv(), other)).rejects.toMatchObject({
      code: 'delta.schema_mismatch',
    });
  });

  it('does not write version 0 anew once it has been cleaned up', async () => {
    const table = await createTable(storage, { 'delta.checkpointInterval': '1' });
    await append(table, 1);
    await table.settled();
    await storage.delete(commitPath(0));
    expect((await createTable(storage)).snapshot.version).toBe(1);
    expect(await storage.stat(commitPath(0))).toBeUndefined();
  });

  it.each([
    [struct(column('a', 'long'), column('A', 'long')), [], /twice/],
    [struct(column('a b', 'long')), [], /holds one of/],
    [struct(column('a', struct(column('x=', 'long')))), [], /"a.x="/],
    [struct(column('a', 'long')), ['b'], /partition column b/],
    [struct(column('a', 'long')), ['a'], /all its columns/],
  ])('refuses columns that Delta does not allow (%#)', async (bad, partitionColumns, message) => {
    const creation = DeltaLog.create(storage, testEnv(), { schema: bad, partitionColumns });
    await expect(creation).rejects.toThrow(message);
    expect(await DeltaLog.openIfExists(storage, testEnv())).toBeUndefined();
  });
});
