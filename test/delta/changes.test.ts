/** What a commit did to rows, told in files: which files with which meaning. */
import { describe, expect, it } from 'vitest';
import type { Action, AddFile, DeletionVector } from '../../src/delta/actions.js';
import { type CommitChanges, planChanges } from '../../src/delta/changes.js';
import { DeltaLog, optimize, vacuum } from '../../src/delta/index.js';
import { commitPath } from '../../src/delta/log-files.js';
import { column, type StructType, struct } from '../../src/schema/column-types.js';
import { MemoryStorage } from '../../src/storage/memory.js';
import { append, createTable, HandClock, testEnv } from './rows.js';

const day = 86_400_000;

/** Puts a commit there as another writer would. */
async function commit(table: DeltaLog, ...actions: Action[]): Promise<void> {
  const { version } = await table.update();
  const lines = actions.map((action) => `${JSON.stringify(action)}\n`).join('');
  await table.storage.putIfAbsent(commitPath(version + 1), Buffer.from(lines));
}

async function fileIn(table: DeltaLog, path: string, more: Partial<AddFile> = {}): Promise<AddFile> {
  await table.storage.put(decodeURIComponent(path), Buffer.from('rows'));
  return { path, partitionValues: {}, size: 4, modificationTime: 1, dataChange: true, ...more };
}

const remove = ({ path, deletionVector }: AddFile, dataChange = true): Action => ({
  remove: { path, dataChange, deletionTimestamp: 1, ...(deletionVector ? { deletionVector } : {}) },
});

/** By version: `+path`, `-path`, `+path/other DV`, `~change data`. */
async function told(table: DeltaLog, from: number, to?: number): Promise<Record<number, string[]>> {
  const { commits } = await planChanges(table, to === undefined ? { from } : { from, to });
  return Object.fromEntries(commits.map((each) => [each.version, words(each)]));
}

function words({ deleted, inserted, changeData }: CommitChanges): string[] {
  const name = ({ path, deletionVector }: AddFile) => path + (deletionVector?.pathOrInlineDv ?? '');
  return [
    ...deleted.map(({ file, other }) => `-${name(file)}${other ? ` but ${name(other)}` : ''}`),
    ...inserted.map(({ file, other }) => `+${name(file)}${other ? ` but ${name(other)}` : ''}`),
    ...changeData.map((file) => `~${name(file)}`),
  ];
}

const vector = (name: string): { deletionVector: DeletionVector } => ({
  deletionVector: { storageType: 'i', pathOrInlineDv: `#${name}`, sizeInBytes: 1, cardinality: 1 },
});

describe('files of a range', () => {
  it('adds are inserts, removes are deletes, and what only rearranges rows is nothing', async () => {
    const table = await createTable(new MemoryStorage());
    const a = await append(table, 1, 2);
    const b = await append(table, 3);
    await table.begin().remove(a).commit({ operation: 'DELETE' });
    await append(table, 4);
    await optimize(table, { targetSize: 1e9 });
    const live = table.snapshot.files[0]!;
    expect(await told(table, 1)).toEqual({
      1: [`+${a.path}`],
      2: [`+${b.path}`],
      3: [`-${a.path}`],
      4: [expect.stringMatching(/^\+part-/)],
      5: [],
    });
    expect((await told(table, 2, 3))[2]).toEqual([`+${b.path}`]);
    expect(live.path).not.toBe(b.path);
  });

  it('a file that changes its deletion vector gives the difference, and one that is named again nothing', async () => {
    const table = await createTable(new MemoryStorage());
    const plain = await fileIn(table, 'a%20b.parquet');
    const once = { ...plain, ...vector('1') };
    const more = { ...plain, path: 'a b.parquet', ...vector('2') };
    await commit(table, { add: plain });
    await commit(table, remove(plain), { add: once });
    await commit(table, { add: more }, remove(once));
    await commit(table, { add: { ...more, stats: '{"numRecords":1}' } }, remove(more));
    await commit(table, remove(more));
    expect(await told(table, 1)).toEqual({
      1: ['+a%20b.parquet'],
      2: ['-a%20b.parquet but a%20b.parquet#1', '+a%20b.parquet#1 but a%20b.parquet'],
      3: ['-a%20b.parquet#1 but a b.parquet#2', '+a b.parquet#2 but a%20b.parquet#1'],
      4: [],
      5: ['-a b.parquet#2'],
    });
  });

  it('where a commit has change data files, they say everything', async () => {
    const table = await createTable(new MemoryStorage());
    const [a, b] = [await fileIn(table, 'a.parquet'), await fileIn(table, 'b.parquet')];
    const { path, partitionValues, size } = await fileIn(table, '_change_data/c%3D1.parquet');
    await commit(table, { add: a });
    await commit(table, remove(a), { add: b }, { cdc: { path, partitionValues, size, dataChange: false } });
    expect((await told(table, 2))[2]).toEqual([`~${path}`]);
  });

  it('a remove without partition values has those of the file that it removed', async () => {
    const schema = struct(column('n', 'long'), column('p', 'string'));
    const table = await DeltaLog.create(new MemoryStorage(), testEnv(), { schema, partitionColumns: ['p'] });
    const a = await fileIn(table, 'a.parquet', { partitionValues: { p: 'x' } });
    await commit(table, { add: a });
    await commit(table, remove(a));
    const { commits } = await planChanges(table, { from: 2 });
    expect(commits[0]!.deleted[0]!.file.partitionValues).toEqual({ p: 'x' });
  });
});

describe('ranges that cannot be read', () => {
  it('versions that are not there yet, and ranges that hold none', async () => {
    const table = await createTable(new MemoryStorage());
    await append(table, 1);
    await expect(planChanges(table, { from: 2 })).rejects.toMatchObject({ code: 'delta.no_such_version' });
    await expect(planChanges(table, { from: 0, to: 7 })).rejects.toMatchObject({ context: { version: 7 } });
    await expect(planChanges(table, { from: 1, to: 0 })).rejects.toMatchObject({ code: 'delta.bad_range' });
  });

  it('a commit that was cleaned up, naming the first that is there', async () => {
    const table = await createTable(new MemoryStorage(), { 'delta.checkpointInterval': '2' });
    for (const n of [1, 2, 3, 4]) await append(table, n);
    await table.settled();
    for (const version of [0, 1, 2]) await table.storage.delete(commitPath(version));
    const context = { version: 1, firstReadable: 3 };
    await expect(planChanges(table, { from: 1 })).rejects.toMatchObject({
      code: 'delta.changes_gone',
      context,
    });
    expect(Object.keys(await told(table, 3))).toEqual(['3', '4']);
  });

  it('files that vacuum has deleted, naming the first version behind them', async () => {
    const clock = new HandClock(Date.now());
    const table = await createTable(new MemoryStorage(), {}, testEnv({ clock }));
    const a = await append(table, 1);
    await append(table, 2);
    await table.begin().remove(a).commit({ operation: 'DELETE' });
    await append(table, 3);
    clock.time += 30 * day;
    await vacuum(table);
    const context = { version: 3, firstReadable: 4 };
    await expect(planChanges(table, { from: 1 })).rejects.toMatchObject({
      code: 'delta.changes_gone',
      context,
    });
    await expect(planChanges(table, { from: 1, to: 2 })).rejects.toMatchObject({ context: { version: 1 } });
    expect(await told(table, 2, 2)).toMatchObject({ 2: [expect.stringMatching(/^\+/)] });
  });
});

describe('schemas within the range', () => {
  async function evolving(...schemas: StructType[]): Promise<DeltaLog> {
    const table = await DeltaLog.create(new MemoryStorage(), testEnv(), { schema: schemas[0]! });
    let i = 0;
    for (const schema of schemas) {
      const { metadata } = await table.update();
      const file = await fileIn(table, `f${i++}.parquet`);
      await commit(table, { metaData: { ...metadata, schemaString: JSON.stringify(schema) } }, { add: file });
    }
    return table;
  }
  const one = struct(column('a', 'integer'), column('s', struct(column('x', 'date'))));

  it('added columns and wider types are read in the newest', async () => {
    const two = struct(
      column('b', 'string'),
      column('S', struct(column('x', 'timestamp_ntz'), column('y', 'long'))),
      column('A', 'long'),
    );
    const { target, commits } = await planChanges(await evolving(one, two), { from: 1 });
    expect(target.schema).toEqual(two);
    expect(commits.map(({ metadata }) => metadata !== undefined)).toEqual([true, true]);
  });

  it.each([
    ['column a is gone', struct(column('s', struct(column('x', 'date'))))],
    ['column s.x is gone', struct(column('a', 'integer'), column('s', struct(column('y', 'date'))))],
    ['column a has another type', struct(column('a', 'string'), ...one.fields.slice(1))],
    ['column s has another type', struct(column('a', 'integer'), column('s', 'string'))],
  ])('a schema that loses values is refused: %s', async (why, two) => {
    const table = await evolving(one, two);
    await expect(planChanges(table, { from: 1 })).rejects.toMatchObject({
      code: 'delta.schema_mismatch',
      message: expect.stringContaining(why),
      context: { version: 1, target: 2 },
    });
    await expect(planChanges(table, { from: 2 })).resolves.toBeDefined();
    await expect(planChanges(table, { from: 1, to: 1 })).resolves.toBeDefined();
  });

  it('what a commit with a new schema deletes had the one before', async () => {
    const table = await evolving(one);
    const { metadata, files } = await table.update();
    const schemaString = JSON.stringify(struct(column('other', 'long')));
    await commit(table, { metaData: { ...metadata, schemaString } }, remove(files[0]!));
    await expect(planChanges(table, { from: 2 })).rejects.toMatchObject({ code: 'delta.schema_mismatch' });
  });

  it('a renamed column is the same one under column mapping', async () => {
    const mapped = (name: string, type: 'long' | 'integer') => {
      const metadata = { 'delta.columnMapping.id': 1, 'delta.columnMapping.physicalName': 'col-1' };
      return struct({ name, type, nullable: true, metadata });
    };
    await expect(
      planChanges(await evolving(mapped('a', 'integer'), mapped('b', 'long')), { from: 1 }),
    ).resolves.toBeDefined();
  });
});
