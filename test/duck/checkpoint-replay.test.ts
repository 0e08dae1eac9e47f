/** A table opened from a checkpoint is the table opened from its whole log, whatever the log holds. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Action, AddFile, DeletionVector } from '../../src/delta/actions.js';
import { writeCheckpoint } from '../../src/delta/checkpoint.js';
import { DeltaLog } from '../../src/delta/index.js';
import { checkpointPath, commitPath } from '../../src/delta/log-files.js';
import { fileKey } from '../../src/delta/paths.js';
import { DuckDatabase, DuckParquetHandler } from '../../src/duck/index.js';
import { column, struct } from '../../src/schema/column-types.js';
import { LocalStorage } from '../../src/storage/local.js';
import { contentsOf } from '../delta/rows.js';

let dir: string;
let database: DuckDatabase;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'murmur-checkpoint-replay-test-'));
  database = await DuckDatabase.open({ threads: 2 });
});
afterAll(async () => {
  await database.close();
  await rm(dir, { recursive: true, force: true });
});

const now = Date.now();
const odd = fc.constantFrom('', 'a', '"', '\\', '😀', '\u0000', "it's", '{"a":[1]}', '\n');
const texts = fc.dictionary(odd, odd, { maxKeys: 2 });

/** Some spell the same file in two ways. */
const path = fc.constantFrom(
  'a%20b',
  'a b',
  'p=x%252Fy/f',
  'p=x%2Fy/f',
  '%C3%BC',
  'ü',
  '50%',
  '/other/f',
  'file:///other/f',
);
const vector: fc.Arbitrary<DeletionVector | undefined> = fc.option(
  fc.record({
    storageType: fc.constantFrom('u', 'i', 'p'),
    pathOrInlineDv: fc.constantFrom('ab^-aqEH.-t@S}K{vb[*k^', '/x y'),
    offset: fc.constantFrom(1, 4),
    sizeInBytes: fc.constant(40),
    cardinality: fc.nat(9),
    maxRowIndex: fc.nat(2 ** 40),
  }),
  { nil: undefined },
);

/** Without the fields that are undefined. */
const known = <T extends object>(value: T) => JSON.parse(JSON.stringify(value));
const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined });

const add: fc.Arbitrary<Action> = fc
  .record({
    path,
    deletionVector: vector,
    partitionValues: fc.record({ p: fc.option(odd) }),
    size: fc.nat(),
    modificationTime: fc.nat(2 ** 42),
    dataChange: fc.boolean(),
    stats: maybe(
      fc.constantFrom('{"numRecords":9007199254740993}', '{"numRecords":3,"minValues":{"s":"\\"😀"}}', ''),
    ),
    tags: maybe(texts),
    baseRowId: maybe(fc.nat(2 ** 50)),
    defaultRowCommitVersion: maybe(fc.nat()),
    clusteringProvider: maybe(odd),
  })
  .map((file) => ({ add: known(file) }));
const remove: fc.Arbitrary<Action> = fc
  .record({
    path,
    deletionVector: vector,
    dataChange: fc.boolean(),
    deletionTimestamp: fc.constantFrom(now - 1, now - 3_600_000),
    extendedFileMetadata: maybe(fc.boolean()),
    partitionValues: maybe(fc.record({ p: fc.option(odd) })),
    size: maybe(fc.nat()),
  })
  .map((file) => ({ remove: known(file) }));
const txn: fc.Arbitrary<Action> = fc
  .record({ appId: odd, version: fc.integer({ min: -1, max: 2 ** 50 }), lastUpdated: maybe(fc.nat(2 ** 42)) })
  .map((each) => ({ txn: known(each) }));
const domainMetadata: fc.Arbitrary<Action> = fc.record({
  domainMetadata: fc.record({ domain: odd, configuration: odd, removed: fc.boolean() }),
});
const metaData: fc.Arbitrary<Action> = fc.record({
  metaData: fc.record({
    id: fc.constant('id'),
    format: fc.constant({ provider: 'parquet', options: {} }),
    schemaString: fc.constant(JSON.stringify(struct(column('n', 'long'), column('p', 'string')))),
    partitionColumns: fc.constant(['p'] as string[]),
    configuration: texts,
    createdTime: fc.nat(2 ** 42),
  }),
});
const protocol = fc.constantFrom<Action>(
  { protocol: { minReaderVersion: 1, minWriterVersion: 2 } },
  {
    protocol: {
      ...{ minReaderVersion: 3, minWriterVersion: 7 },
      ...{
        readerFeatures: ['deletionVectors'],
        writerFeatures: ['deletionVectors', 'domainMetadata', 'rowTracking'],
      },
    },
  },
);

/** What two actions of one commit may not share. */
function identity({ add, remove, txn, domainMetadata, metaData }: Action): string {
  if (add) return `add ${fileKey(add)}`;
  if (remove) return `remove ${fileKey(remove)}`;
  if (txn) return `txn ${txn.appId}`;
  return domainMetadata ? `domain ${domainMetadata.domain}` : metaData ? 'metaData' : 'protocol';
}
const commit = fc.uniqueArray(
  fc.oneof(
    { arbitrary: add, weight: 6 },
    { arbitrary: remove, weight: 4 },
    { arbitrary: txn, weight: 2 },
    { arbitrary: domainMetadata, weight: 2 },
    { arbitrary: fc.oneof(metaData, protocol), weight: 1 },
  ),
  { selector: identity, maxLength: 12 },
);

let tables = 0;
it('opened from a checkpoint, with the log before it or without, a table is the same', async () => {
  const parquet = new DuckParquetHandler(database);
  const log = fc.record({
    first: fc.tuple(protocol, metaData),
    commits: fc.array(commit, { minLength: 2, maxLength: 8 }),
    at: fc.nat(8),
  });
  await fc.assert(
    fc.asyncProperty(log, async ({ first, commits, at }) => {
      const storage = new LocalStorage(join(dir, `t${tables++}`));
      for (const [version, actions] of [first, ...commits].entries()) {
        const lines = actions.map((action) => `${JSON.stringify(action)}\n`).join('');
        await storage.put(commitPath(version), Buffer.from(lines));
      }
      const fromLog = await DeltaLog.open(storage, { parquet });
      const wholeLog = exact((await DeltaLog.open(storage, { parquet })).snapshot);
      const checkpointed = Math.min(at, commits.length);
      await writeCheckpoint(storage, parquet, await fromLog.at(checkpointed), now);
      expect(exact((await DeltaLog.open(storage, { parquet })).snapshot)).toEqual(wholeLog);
      for (let version = 0; version < checkpointed; version++) await storage.delete(commitPath(version));
      const reopened = await DeltaLog.open(storage, { parquet });
      expect(exact(reopened.snapshot)).toEqual(wholeLog);
      expect(exact(await reopened.at(checkpointed))).toEqual(exact(await fromLog.at(checkpointed)));
      expect(await storage.stat(checkpointPath(checkpointed))).toBeDefined();
    }),
    { numRuns: 40, interruptAfterTimeLimit: 20_000 },
  );
});

/** Everything, other than what a checkpoint of a removed file leaves out. */
function exact(snapshot: Parameters<typeof contentsOf>[0]) {
  const tombstones = [...snapshot.state.tombstones.values()].map(
    ({ stats, tags, dataChange, ...rest }) => rest,
  );
  const byPath = (a: Pick<AddFile, 'path'>, b: Pick<AddFile, 'path'>) =>
    JSON.stringify(a) < JSON.stringify(b) ? -1 : 1;
  return {
    ...contentsOf(snapshot),
    tombstones: tombstones.map(sorted).sort(byPath),
    files: contentsOf(snapshot).files.map(sorted),
  };
}

/** The order of fields has no meaning. */
function sorted<T extends object>(value: T): T {
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))) as T;
}
