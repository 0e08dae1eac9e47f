import { beforeEach, describe, expect, it } from 'vitest';
import type { Action, AddFile } from '../../src/delta/actions.js';
import type { Transaction } from '../../src/delta/index.js';
import { commitPath } from '../../src/delta/log-files.js';
import { MemoryStorage } from '../../src/storage/memory.js';
import { append, createTable, numbersIn } from './rows.js';
import { shortOf, transactionsOn, write } from './transactions.js';

let storage: MemoryStorage;
/** Of the table in a duel. */
let properties: Record<string, string>;
beforeEach(() => {
  storage = new MemoryStorage();
  properties = {};
});

const { open, newFile, infoOf } = transactionsOn(() => storage);

describe('racing writers', () => {
  it('all get their appends through, in contiguous versions', async () => {
    await createTable(storage);
    const writers = await Promise.all(Array.from({ length: 6 }, open));
    await Promise.all(
      writers.map(async (table, w) => {
        for (let i = 0; i < 12; i++) await append(table, w * 100 + i);
      }),
    );
    const { snapshot } = await open();
    expect(snapshot.version).toBe(72);
    const expected = writers.flatMap((_, w) => Array.from({ length: 12 }, (_, i) => w * 100 + i));
    expect(await numbersIn(storage, snapshot)).toEqual(expected);
    for (const table of writers) expect((await table.update()).version).toBe(72);
  });

  it('also when they share one table object', async () => {
    const table = await createTable(storage);
    await Promise.all(Array.from({ length: 10 }, (_, n) => append(table, n)));
    expect(table.snapshot.version).toBe(10);
    expect((await numbersIn(storage, (await open()).snapshot)).length).toBe(10);
  });

  /** Mine begins, the winner commits version 3 (over two files f1, f2), mine commits. */
  async function duel(
    mine: (t: Transaction, files: readonly AddFile[]) => unknown,
    winner: (t: Transaction, files: readonly AddFile[]) => unknown,
    isolationLevel?: string,
  ): Promise<string> {
    const table = await createTable(storage, properties);
    await append(table, 1);
    await append(table, 2);
    const other = await open();
    const transaction = table.begin();
    await mine(transaction, table.snapshot.files);
    const theirs = other.begin();
    await winner(theirs, other.snapshot.files);
    expect(shortOf(await write(theirs))).toBe('committed 3');
    const level = isolationLevel === undefined ? {} : { isolationLevel };
    return shortOf(await transaction.commit({ operation: 'WRITE', ...level }));
  }
  const adds = async (t: Transaction) => t.add(await newFile(9));
  const optimizes = async (t: Transaction, [a, b]: readonly AddFile[]) =>
    t
      .reads([a!, b!])
      .remove(a!, { dataChange: false })
      .remove(b!, { dataChange: false })
      .add(await newFile(1, 2), { dataChange: false });
  const rewrites = async (t: Transaction, [a]: readonly AddFile[]) => t.remove(a!).add(await newFile(8));
  const deletes = (t: Transaction, [a]: readonly AddFile[]) => t.remove(a!);
  const merges = async (t: Transaction, [a]: readonly AddFile[]) => t.reads([a!]).add(await newFile(7));
  const evolves = (t: Transaction) => t.setMetadata({ ...t.base.metadata, description: 'new' });

  it.each([
    ['append', adds, 'append', adds, 'committed 4'],
    ['append', adds, 'delete', deletes, 'committed 4'],
    ['append', adds, 'optimize', optimizes, 'committed 4'],
    ['append', adds, 'metadata change', evolves, 'metadata 3'],
    ['delete', deletes, 'the same delete', deletes, 'delete_delete 3'],
    ['delete', deletes, 'append', adds, 'concurrent_append 3'],
    ['delete', deletes, 'optimize', optimizes, 'delete_delete 3'],
    ['rewrite', rewrites, 'append', adds, 'concurrent_append 3'],
    ['optimize', optimizes, 'append', adds, 'committed 4'],
    ['optimize', optimizes, 'optimize', optimizes, 'delete_delete 3'],
    ['optimize', optimizes, 'delete', deletes, 'delete_delete 3'],
    ['merge', merges, 'append', adds, 'concurrent_append 3'],
    ['merge', merges, 'delete of what it read', deletes, 'delete_read 3'],
    ['whole-table read', (t: Transaction) => adds(t.reads('table')), 'append', adds, 'concurrent_append 3'],
    ['whole-table read', (t: Transaction) => adds(t.reads('table')), 'delete', deletes, 'delete_read 3'],
    ['whole-table read', (t: Transaction) => adds(t.reads('table')), 'optimize', optimizes, 'committed 4'],
    [
      'batch',
      (t: Transaction) => adds(t.txn('q', 5)),
      'same batch',
      (t: Transaction) => adds(t.txn('q', 5)),
      'txn 3',
    ],
    [
      'batch',
      (t: Transaction) => adds(t.txn('q', 5)),
      'other query',
      (t: Transaction) => adds(t.txn('r', 5)),
      'committed 4',
    ],
  ])('%s after %s', async (_mine, mine, _winner, winner, outcome) => {
    expect(await duel(mine, winner)).toBe(outcome);
  });

  const listed = (...writerFeatures: string[]) => ({
    ...{ minReaderVersion: 1, minWriterVersion: 7 },
    writerFeatures: ['appendOnly', 'invariants', ...writerFeatures],
  });

  it.each([
    ['that asks for nothing new', listed(), 'committed 2'],
    ['with a feature that leaves writers alone', listed('domainMetadata'), 'committed 2'],
    ['with a feature that binds writers', listed('inCommitTimestamp'), 'protocol 1'],
    ['without a feature', { minReaderVersion: 1, minWriterVersion: 1 }, 'protocol 1'],
  ])('look at a protocol %s', async (_what, protocol, outcome) => {
    const table = await createTable(storage);
    const transaction = table.begin().add(await newFile(1));
    const winner: Action = { protocol };
    await storage.put(commitPath(1), Buffer.from(JSON.stringify(winner)));
    expect(shortOf(await write(transaction))).toBe(outcome);
  });

  it('do not both change the protocol, and never write under one that is not known', async () => {
    const table = await createTable(storage);
    const upgrade = table.begin().setProtocol(listed('domainMetadata'));
    const transaction = table.begin().add(await newFile(1));
    await write((await open()).begin().setProtocol(listed('vacuumProtocolCheck')));
    expect(shortOf(await write(upgrade))).toBe('protocol 1');
    await storage.put(commitPath(2), Buffer.from(JSON.stringify({ protocol: listed('unheard') })));
    await expect(write(transaction)).resolves.toMatchObject({ kind: 'protocol', version: 2 });
    const late = table.begin().add(await newFile(2));
    await expect(write(late)).rejects.toMatchObject({ context: { feature: 'unheard' } });
  });

  describe('that have read by conditions', () => {
    const below10 = [{ column: 'n', op: '<', value: 10 } as const];
    const readsBelow10 = async (t: Transaction, [a]: readonly AddFile[]) =>
      t.reads([a!], below10).add(await newFile(7));
    const appends = (n: number) => async (t: Transaction) => t.add(await newFile(n));

    it.each([
      ['rows that they would have read', appends(5), 'concurrent_append 3'],
      ['rows that they would not', appends(50), 'committed 4'],
      ['no more a file that they read', deletes, 'delete_read 3'],
      ['the same rows elsewhere', optimizes, 'committed 4'],
    ])('find %s', async (_what, winner, outcome) => {
      expect(await duel(readsBelow10, winner)).toBe(outcome);
    });
  });

  it.each([
    ['a blind append', adds, 'committed 4'],
    ['one that has read', async (t: Transaction) => adds(t.reads('table')), 'concurrent_append 3'],
  ])('let %s pass where the table is WriteSerializable', async (_what, winner, outcome) => {
    properties = { 'delta.isolationLevel': 'WriteSerializable' };
    expect(await duel(deletes, winner)).toBe(outcome);
    if (outcome === 'committed 4')
      expect(await infoOf(4)).toMatchObject({ isolationLevel: 'WriteSerializable' });
  });

  it('lose over a long distance as well', async () => {
    const table = await createTable(storage);
    const file = await append(table, 1);
    const transaction = table.begin().remove(file);
    const other = await open();
    for (const n of [2, 3]) await append(other, n);
    await write(other.begin().remove(file));
    await append(other, 4);
    expect(shortOf(await transaction.commit({ operation: 'DELETE' }))).toBe('concurrent_append 2');
    const calm = table.begin(await table.at(1)).remove(file, { dataChange: false });
    expect(
      shortOf(await calm.add(await newFile(1), { dataChange: false }).commit({ operation: 'OPTIMIZE' })),
    ).toBe('delete_delete 4');
  });

  it('do not commit what was planned on files that have been replaced meanwhile', async () => {
    const table = await createTable(storage);
    const planned = await append(table, 1);
    await write(await rewrites(table.begin(), [planned]));
    const late = table.begin().reads([planned]).remove(planned);
    expect(shortOf(await write(late.add(await newFile(1, 5))))).toBe('delete_delete 2');
    expect(
      shortOf(
        await write(
          table
            .begin()
            .reads([planned])
            .add(await newFile(6)),
        ),
      ),
    ).toBe('delete_read 2');
    expect(await numbersIn(storage, await table.update())).toEqual([8]);
  });

  it('keep their read version when they are rebased', async () => {
    expect(await duel(adds, adds)).toBe('committed 4');
    expect(await infoOf(4)).toMatchObject({ readVersion: 2, isBlindAppend: true });
  });
});
