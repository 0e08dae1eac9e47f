import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { armFaultPoint, disarmFaultPoint } from '../../src/base/fault-point.js';
import { column, DeltaTable, isMurmurError, LocalStorage, struct } from '../../src/table/index.js';
import { dataFiles, duck, newTable, reopen, rowsOf, useTables } from './tables.js';

useTables();
afterEach(disarmFaultPoint);

const schema = struct(column('id', 'long'), column('n', 'long'));
const first = [
  { id: 1, n: 1 },
  { id: 2, n: 2 },
  { id: 3, n: 3 },
];

interface Change {
  apply(table: DeltaTable): Promise<unknown>;
  /** Ids and numbers afterwards. */
  after: [number, number][];
}

const changes: Record<string, Change> = {
  append: {
    apply: (t) => t.append([{ id: 4, n: 4 }]),
    after: [
      [1, 1],
      [2, 2],
      [3, 3],
      [4, 4],
    ],
  },
  overwrite: { apply: (t) => t.overwrite([{ id: 4, n: 4 }]), after: [[4, 4]] },
  replaceWhere: {
    apply: (t) => t.overwrite([{ id: 1, n: 9 }], { where: 'id < 3' }),
    after: [
      [1, 9],
      [3, 3],
    ],
  },
  delete: {
    apply: (t) => t.delete({ where: 'id = 2' }),
    after: [
      [1, 1],
      [3, 3],
    ],
  },
  update: {
    apply: (t) => t.update({ set: { n: 'n * 10' }, where: 'id > 1' }),
    after: [
      [1, 1],
      [2, 20],
      [3, 30],
    ],
  },
  merge: {
    apply: (t) =>
      t.merge({
        source: [{ id: 1 }, { id: 7 }],
        ...{ on: 'target.id = source.id', whenMatched: [{ delete: true }] },
        whenNotMatched: [{ insert: { id: 'source.id', n: '0' } }],
      }),
    after: [
      [2, 2],
      [3, 3],
      [7, 0],
    ],
  },
};
const before = first.map(({ id, n }) => [id, n]);
const contents = async (table: DeltaTable) => (await rowsOf(table)).map(({ id, n }) => [id, n]);

describe.each(Object.entries(changes))('%s', (_name, { apply, after }) => {
  it.each([
    ['delta.commit.before_put', before],
    ['delta.commit.after_put', after],
  ])('that fails at %s leaves the table readable and whole', async (point, expected) => {
    const table = await newTable({ schema });
    await table.append(first);
    const files = await dataFiles(table);
    armFaultPoint(point, () => {
      throw new Error('crash');
    });
    await expect(apply(table)).rejects.toThrow('crash');
    const again = await reopen(table);
    expect(await contents(again)).toEqual(expected);
    // What no commit can name is gone; what a commit names is there.
    if (expected === before) expect(await dataFiles(table)).toEqual(files);
    await apply(again);
    await again.append([{ id: 8, n: 8 }]);
    expect(await rowsOf(await reopen(table), 'id = 8')).toHaveLength(1);
  });
});

describe('a storage that fails at the commit', () => {
  class Shaky extends LocalStorage {
    fails: 'before' | 'after' | undefined;
    override async putIfAbsent(path: string, bytes: Uint8Array) {
      const { fails } = this;
      this.fails = undefined;
      if (fails === 'before') throw new Error('lost');
      const outcome = await super.putIfAbsent(path, bytes);
      if (fails === 'after') throw new Error('lost');
      return outcome;
    }
  }
  let dir: string;
  let tables = 0;
  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'murmur-shaky-test-'));
  });
  afterAll(() => rm(dir, { recursive: true, force: true }));
  const shakyTable = async () => {
    const storage = new Shaky(join(dir, `t${tables++}`));
    const table = await DeltaTable.create(storage, { schema, duck: duck() });
    await table.append(first);
    return { storage, table };
  };

  it.each(Object.entries(changes))(
    '%s: has happened once when the put went through',
    async (_name, change) => {
      const { storage, table } = await shakyTable();
      storage.fails = 'after';
      await change.apply(table);
      expect(table.version).toBe(2);
      expect(await contents(await reopen(table))).toEqual(change.after);
    },
  );

  it.each(Object.entries(changes))('%s: has not happened when it did not', async (_name, { apply }) => {
    const { storage, table } = await shakyTable();
    storage.fails = 'before';
    await expect(apply(table)).rejects.toThrow('lost');
    expect(await contents(await reopen(table))).toEqual(before);
  });

  it('keeps its files as long as nobody knows', async () => {
    const { storage, table } = await shakyTable();
    const files = await dataFiles(table);
    storage.fails = 'before';
    await expect(table.append([{ id: 4 }])).rejects.toThrow('lost');
    expect(await dataFiles(table)).toHaveLength(files.length + 1);
  });
});

describe('losing again and again', () => {
  it('ends in an error that says so, and leaves no file', async () => {
    const clock = { now: Date.now, sleep: async () => {} };
    const seed = await newTable({ schema });
    await seed.append(first);
    const table = await DeltaTable.open(seed.log.storage.root, { duck: duck(), clock });
    const rival = await reopen(table);
    const files = await dataFiles(table);
    // Before every put of ours, the rival's append has come first.
    const { storage } = table.log;
    const put = storage.putIfAbsent.bind(storage);
    let id = 100;
    storage.putIfAbsent = async (path, bytes) => {
      await rival.append([{ id: id++ }]);
      return put(path, bytes);
    };
    const lost = await table.delete({ where: 'n < 3 OR n IS NULL' }).catch((e: unknown) => e);
    expect(isMurmurError(lost, 'delta.conflict') && lost).toMatchObject({
      ...{ retry: 'backoff', fault: 'external', context: { kind: 'concurrent_append' } },
    });
    expect(id).toBe(115);
    expect(await dataFiles(table)).toHaveLength(files.length + 15);
    await rival.close();
  });

  it('does not happen over rows that have nothing to do with each other', async () => {
    const table = await newTable({ schema });
    await table.append(first);
    const mine = await reopen(table);
    const plan = mine.log.storage.putIfAbsent.bind(mine.log.storage);
    let rival: (() => Promise<unknown>) | undefined = () => table.append([{ id: 50, n: 50 }]);
    mine.log.storage.putIfAbsent = async (path, bytes) => {
      const first = rival;
      rival = undefined;
      await first?.();
      return plan(path, bytes);
    };
    await mine.delete({ where: 'id <= 2' });
    // Rebased, not planned anew: it read version 1.
    const [commit] = await mine.history(1);
    expect(commit).toMatchObject({ version: 3, readVersion: 1, operation: 'DELETE' });
    expect(await contents(await reopen(mine))).toEqual([
      [3, 3],
      [50, 50],
    ]);
  });
});
