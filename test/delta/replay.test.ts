import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import type { MurmurError } from '../../src/base/errors.js';
import type { Action, AddFile } from '../../src/delta/actions.js';
import { features } from '../../src/delta/features.js';
import { DeltaLog } from '../../src/delta/index.js';
import { parseCommit } from '../../src/delta/log.js';
import { checkpointPath, commitPath, lastCheckpointPath } from '../../src/delta/log-files.js';
import { emptyState, replay, Snapshot } from '../../src/delta/snapshot.js';
import { arrayOf, column, struct } from '../../src/schema/column-types.js';
import { MemoryStorage } from '../../src/storage/memory.js';
import { contentsOf, schema, testEnv } from './rows.js';

const protocol: Action = { protocol: { minReaderVersion: 1, minWriterVersion: 2 } };
const metaData: Action = {
  metaData: {
    id: 'table-1',
    format: { provider: 'parquet', options: {} },
    schemaString: JSON.stringify(schema),
    partitionColumns: [],
    configuration: {},
    createdTime: 1,
  },
};
const file = (path: string, more: Partial<AddFile> = {}): AddFile => ({
  ...{ path, partitionValues: {}, size: 10, modificationTime: 1, dataChange: true },
  ...{ stats: '{"numRecords":2}', ...more },
});
const add = (path: string, more?: Partial<AddFile>): Action => ({ add: file(path, more) });
const remove = (path: string, more: Partial<AddFile> = {}): Action => ({
  remove: { path, dataChange: true, deletionTimestamp: 5, ...more },
});
const vector = (pathOrInlineDv: string, offset = 1) =>
  ({ storageType: 'u', pathOrInlineDv, offset, sizeInBytes: 4, cardinality: 1 }) as const;
const lines = (...actions: unknown[]) => Buffer.from(actions.map((a) => `${JSON.stringify(a)}\n`).join(''));

let storage: MemoryStorage;
let warnings: MurmurError[];
const open = () => DeltaLog.open(storage, testEnv({ onWarning: (w) => warnings.push(w) }));
const pathsOf = async () => (await open()).snapshot.files.map(({ path }) => path);
beforeEach(async () => {
  storage = new MemoryStorage();
  warnings = [];
  await storage.put(commitPath(0), lines(protocol, metaData));
});

describe('replay', () => {
  it('applies the removes of a version before its adds, whatever their order', async () => {
    await storage.put(commitPath(1), lines(add('a'), add('b')));
    await storage.put(commitPath(2), lines(add('a', { size: 99 }), remove('a'), remove('b')));
    const { snapshot } = await open();
    expect(snapshot.files).toEqual([file('a', { size: 99 })]);
    expect([...snapshot.state.tombstones.values()].map(({ path }) => path)).toEqual(['b']);
  });

  it('knows a file by its decoded path and deletion vector', async () => {
    await storage.put(
      commitPath(1),
      lines(add('a%20b'), add('c', { deletionVector: vector('x') }), add('d')),
    );
    await storage.put(
      commitPath(2),
      lines(
        remove('a b'),
        remove('c', { deletionVector: vector('x', 2) }),
        ...[remove('d'), add('d', { deletionVector: vector('y') })],
      ),
    );
    const { snapshot } = await open();
    expect(snapshot.files.map(({ path, deletionVector }) => [path, deletionVector?.offset])).toEqual([
      ['c', 1],
      ['d', 1],
    ]);
    expect(snapshot.numRecords).toBe(2);
  });

  it('takes nulls in optional fields, unknown actions and fields, and keeps null partition values', async () => {
    await storage.put(
      commitPath(1),
      lines(
        { commitInfo: { operation: 'WRITE', operationMetrics: { n: 1, deep: { a: [1] } }, userName: null } },
        { somethingNew: { x: 1 } },
        {
          add: { ...file('a', { partitionValues: { p: null } }), tags: null, deletionVector: null, extra: 1 },
        },
      ),
    );
    const table = await open();
    expect(table.snapshot.files[0]).toMatchObject({ path: 'a', partitionValues: { p: null } });
    expect(table.snapshot.files[0]).not.toHaveProperty('deletionVector');
    expect((await table.history())[0]).toMatchObject({ operationMetrics: { n: 1, deep: { a: [1] } } });
  });

  it('lists files in UTF-8 order of their decoded paths', async () => {
    const literal = ['%2F', 'a b', 'z', 'é', '\uff5e', '😀'];
    await storage.put(commitPath(1), lines(...[...literal].reverse().map((p) => add(encodeURIComponent(p)))));
    expect((await pathsOf()).map(decodeURIComponent)).toEqual(literal);
  });

  it('says rows only when every file does', async () => {
    await storage.put(commitPath(1), lines(add('a'), add('b', { stats: '{"minValues":{},"numRecords":7}' })));
    expect((await open()).snapshot).toMatchObject({ numRecords: 9, sizeInBytes: 20, fileCount: 2 });
    await storage.put(commitPath(2), lines({ add: { ...file('c'), stats: null } }));
    expect((await open()).snapshot).toMatchObject({ numRecords: undefined, sizeInBytes: 30 });
  });

  it('refuses a gap, and does not jump over one', async () => {
    await storage.put(commitPath(1), lines(add('a')));
    const table = await open();
    await storage.put(commitPath(3), lines(add('b')));
    await expect(open()).rejects.toMatchObject({ code: 'delta.log_gap', context: { version: 2 } });
    expect((await table.update()).version).toBe(1);
  });

  it.each([
    ['no metaData', [protocol], 'delta.broken_log', /metaData/],
    ['no protocol', [metaData], 'delta.broken_log', /protocol/],
    ['a line that is not JSON', ['{"add":'], 'delta.broken_log', /not JSON/],
  ])('refuses a log with %s', async (_, actions, code, message) => {
    const text = actions.map((a) => (typeof a === 'string' ? a : JSON.stringify(a))).join('\n');
    await storage.put(commitPath(0), Buffer.from(text));
    const error: MurmurError = await open().catch((e) => e);
    expect(error.code).toBe(code);
    expect(error.message).toMatch(message);
  });

  it('is no table without a log', async () => {
    const empty = new MemoryStorage();
    await empty.put('data.parquet', Buffer.from('x'));
    await expect(DeltaLog.open(empty, testEnv())).rejects.toMatchObject({ code: 'delta.not_a_table' });
    expect(await DeltaLog.openIfExists(empty, testEnv())).toBeUndefined();
  });
});

describe('checkpoints', () => {
  /** Versions 1..5 add one file each; the checkpoint of version 3 holds what they made. */
  async function withCheckpoint(): Promise<void> {
    const state = [protocol, metaData];
    for (let v = 1; v <= 5; v++) {
      await storage.put(commitPath(v), lines(add(`f${v}`)));
      state.push(add(`f${v}`));
      if (v === 3) await storage.put(checkpointPath(3), lines(...state));
    }
  }
  const all = ['f1', 'f2', 'f3', 'f4', 'f5'];

  it('stand for the commits before them', async () => {
    await withCheckpoint();
    const whole = contentsOf((await open()).snapshot);
    for (let v = 0; v < 3; v++) await storage.delete(commitPath(v));
    expect(contentsOf((await open()).snapshot)).toEqual(whole);
    await storage.delete(commitPath(3));
    expect(contentsOf((await open()).snapshot)).toEqual(whole);
  });

  it.each([
    ['points too far', '{"version":9,"size":1}'],
    ['points at a commit without a checkpoint', '{"version":4,"size":1}'],
    ['is not JSON', '{"versi'],
    ['is empty', ''],
    ['is nonsense', '{"version":"three"}'],
    ['is right', '{"version":3,"size":5}'],
  ])('are found when _last_checkpoint %s', async (_, hint) => {
    await withCheckpoint();
    await storage.put(lastCheckpointPath, Buffer.from(hint));
    expect(await pathsOf()).toEqual(all);
    for (let v = 0; v < 3; v++) await storage.delete(commitPath(v));
    expect(await pathsOf()).toEqual(all);
  });

  it('count only when all their parts are there and none is empty', async () => {
    await withCheckpoint();
    const part = (n: number, of: number) =>
      `_delta_log/${'5'.padStart(20, '0')}.checkpoint.${String(n).padStart(10, '0')}.${String(of).padStart(10, '0')}.parquet`;
    await storage.put(part(1, 2), lines(protocol, metaData, add('x')));
    expect(await pathsOf()).toEqual(all);
    await storage.put(part(2, 2), lines(add('y')));
    expect(await pathsOf()).toEqual(['x', 'y']);
    await storage.put(part(2, 2), Buffer.from(''));
    expect(await pathsOf()).toEqual(all);
  });

  it('that cannot be read are passed over with a warning while the log begins at 0', async () => {
    await withCheckpoint();
    await storage.put(lastCheckpointPath, Buffer.from('{"version":3,"size":5}'));
    await storage.put(checkpointPath(3), Buffer.from('PAR1 broken'));
    expect(await pathsOf()).toEqual(all);
    expect(warnings.map(({ code }) => code)).toEqual(['delta.bad_checkpoint']);
    await storage.delete(commitPath(0));
    await expect(open()).rejects.toMatchObject({ code: 'delta.bad_checkpoint' });
  });

  it('lead to older versions too', async () => {
    await withCheckpoint();
    await storage.put(lastCheckpointPath, Buffer.from('{"version":3,"size":5}'));
    const table = await open();
    for (const version of [0, 2, 3, 4, 5]) {
      expect((await table.at(version)).files.map(({ path }) => path)).toEqual(all.slice(0, version));
    }
    await expect(table.at(6)).rejects.toMatchObject({ code: 'delta.no_such_version' });
    await storage.delete(commitPath(0));
    await expect(table.at(2)).rejects.toMatchObject({ code: 'delta.no_such_version' });
    expect((await table.at(3)).fileCount).toBe(3);
  });
});

describe('protocol', () => {
  it('of a new table names the feature that times without a zone need, wherever they are', async () => {
    const schema = struct(column('visits', arrayOf(struct(column('at', 'timestamp_ntz')))));
    const { snapshot } = await DeltaLog.create(new MemoryStorage(), testEnv(), { schema });
    expect(snapshot.protocol).toEqual({
      minReaderVersion: 3,
      minWriterVersion: 7,
      readerFeatures: ['timestampNtz'],
      writerFeatures: ['appendOnly', 'invariants', 'timestampNtz'],
    });
  });

  const withProtocol = (own: unknown, configuration: Record<string, string> = {}) =>
    storage.put(
      commitPath(0),
      lines({ protocol: own }, { metaData: { ...metaData.metaData, configuration } }),
    );

  it.each([
    [{ minReaderVersion: 99, minWriterVersion: 7 }, 'reader version 99'],
    [{ minReaderVersion: 3, minWriterVersion: 7, readerFeatures: ['teleport'] }, 'teleport'],
    [{ minReaderVersion: 3, minWriterVersion: 7, readerFeatures: ['variantType'] }, 'variantType'],
    [{ minReaderVersion: 3, minWriterVersion: 7, readerFeatures: ['catalogManaged'] }, 'catalogManaged'],
  ])('refuses to read %j, naming %s', async (own, feature) => {
    await withProtocol(own);
    await expect(open()).rejects.toMatchObject({ code: 'delta.unsupported_feature', context: { feature } });
  });

  it('refuses features that keep the newest commits elsewhere, though they bind writers alone', async () => {
    const feature = 'coordinatedCommits-preview';
    const own = { minReaderVersion: 1, minWriterVersion: 7, writerFeatures: [feature, 'rowTracking'] };
    await withProtocol(own);
    await open();
    await withProtocol(own, { 'delta.coordinatedCommits.commitCoordinator-preview': 'dynamodb' });
    await expect(open()).rejects.toMatchObject({
      ...{ code: 'delta.unsupported_feature', context: { feature, verb: 'read' } },
      fix: expect.stringContaining('DROP FEATURE'),
    });
  });

  it('reads every feature that its table says it reads, and no other', async () => {
    for (const [name, { read, write, active }] of Object.entries(features)) {
      if (read === 'when inactive' || write === 'when inactive') expect(active, name).toBeDefined();
      await withProtocol({
        minReaderVersion: 3,
        minWriterVersion: 7,
        readerFeatures: [name],
        writerFeatures: [name],
      });
      const opened = await open().catch((e) => e.context.feature);
      if (read === 'no') expect(opened).toBe(name);
      else expect(opened).toBeInstanceOf(DeltaLog);
    }
  });

  it.each([
    [{ minWriterVersion: 7, writerFeatures: ['rowTracking'] }, {}, 'rowTracking'],
    [{ minWriterVersion: 7, writerFeatures: ['teleport'] }, {}, 'teleport'],
    [{ minWriterVersion: 8 }, {}, 'writer version 8'],
    [{ minWriterVersion: 3 }, { 'delta.constraints.c': 'n > 0' }, 'checkConstraints'],
  ])('reads and refuses to write %j with %j, naming %s', async (own, configuration, feature) => {
    await withProtocol({ minReaderVersion: 1, ...own }, configuration as Record<string, string>);
    const table = await open();
    await expect(table.begin().add(file('x')).commit({ operation: 'WRITE' })).rejects.toMatchObject({
      code: 'delta.unsupported_feature',
      context: { feature },
    });
  });

  it('is judged again when it changes under an open table', async () => {
    const table = await open();
    await storage.put(
      commitPath(1),
      lines({ protocol: { minReaderVersion: 3, minWriterVersion: 7, readerFeatures: ['teleport'] } }),
    );
    await expect(table.update()).rejects.toMatchObject({ code: 'delta.unsupported_feature' });
  });
});

describe('snapshots made one from another', () => {
  const path = fc.integer({ min: 0, max: 150 }).map((n) => `f%20${n}`);
  const commit = fc.record({
    adds: fc.uniqueArray(path, { maxLength: 40 }),
    removes: fc.uniqueArray(path, { maxLength: 40 }),
    txn: fc.option(fc.record({ appId: fc.constantFrom('q1', 'q2'), version: fc.nat(9) })),
    domain: fc.option(fc.record({ domain: fc.constantFrom('d1', 'd2'), removed: fc.boolean() })),
  });

  it('equal what a plain replay of everything gives', () => {
    fc.assert(
      fc.property(fc.array(commit, { maxLength: 60 }), fc.nat(60), (commits, cut) => {
        const logs = commits.map(({ adds, removes, txn, domain }, i): Action[] => [
          ...adds.map((p) => add(p, { size: i + 1, stats: `{"numRecords":${i}}` })),
          ...removes.map((p) => remove(p)),
          ...(txn ? [{ txn }] : []),
          ...(domain ? [{ domainMetadata: { ...domain, configuration: String(i) } }] : []),
        ]);
        const live = new Map<string, AddFile>();
        const gone = new Set<string>();
        let state = replay(emptyState, 0, [protocol, metaData]);
        let frozen: [Snapshot, string] | undefined;
        for (const [i, actions] of logs.entries()) {
          for (const { remove: r } of actions) if (r) live.delete(r.path);
          for (const { remove: r } of actions) if (r) gone.add(r.path);
          for (const { add: a } of actions) if (a) live.set(a.path, a);
          for (const { add: a } of actions) if (a) gone.delete(a.path);
          state = replay(state, i + 1, actions);
          if (i === cut) {
            const snapshot = new Snapshot(state, 'test');
            frozen = [snapshot, JSON.stringify(contentsOf(snapshot))];
          }
        }
        const snapshot = new Snapshot(state, 'test');
        expect(new Map(snapshot.files.map((f) => [f.path, f]))).toEqual(live);
        expect(snapshot.fileCount).toBe(live.size);
        expect(snapshot.sizeInBytes).toBe([...live.values()].reduce((sum, { size }) => sum + size, 0));
        expect(contentsOf(snapshot).tombstones).toEqual([...gone].sort());
        expect(state.tombstones.size).toBe(gone.size);
        // What came later has not touched what was there before.
        if (frozen) expect(JSON.stringify(contentsOf(new Snapshot(frozen[0].state, 'test')))).toBe(frozen[1]);
      }),
      { numRuns: 60 },
    );
  });

  it('parse a commit with any line ends at its end', () => {
    expect(parseCommit('t', 1, '{"add":{"path":"a"}}\r\n\n')).toEqual([{ add: { path: 'a' } }]);
  });
});
