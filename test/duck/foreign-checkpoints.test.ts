/** Checkpoints that we never write: V2 in JSON and Parquet, with sidecars; classic names with V2 contents; several parts. */
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Action } from '../../src/delta/actions.js';
import { writeCheckpoint } from '../../src/delta/checkpoint.js';
import { DuckDatabase, DuckParquetHandler, type DuckSession } from '../../src/duck/index.js';
import { column, struct } from '../../src/schema/column-types.js';
import { LocalStorage } from '../../src/storage/local.js';
import { ForeignTable, logPath, tableOf } from './foreign-table.js';

let dir: string;
let database: DuckDatabase;
let session: DuckSession;
let table: ForeignTable;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'murmur-foreign-test-'));
  database = await DuckDatabase.open({ threads: 2 });
  session = await database.connect();
});
afterAll(async () => {
  await database.close();
  await rm(dir, { recursive: true, force: true });
});
beforeEach(async () => {
  table = new ForeignTable(new LocalStorage(await mkdtemp(join(dir, 'table-'))), database, session);
});

const start = tableOf(struct(column('n', 'long')), { features: ['v2Checkpoint'] });
const txn: Action = { txn: { appId: 'query', version: 7 } };
const add = (path: string): Action => ({
  add: {
    ...{ path, partitionValues: {}, size: 10, modificationTime: 1, dataChange: false },
    stats: '{"numRecords":1}',
  },
});
const gone: Action = {
  remove: { path: 'gone', dataChange: false, deletionTimestamp: Date.now(), partitionValues: {}, size: 1 },
};

/** Versions 0 to 3, of which only 3 is still in the log; what the checkpoint of version 2 must say is in `state`. */
async function log(): Promise<void> {
  for (let v = 0; v <= 3; v++) await table.commit(v, ...(v === 0 ? start : []), add(`f${v}`));
}
async function withoutOldCommits(): Promise<void> {
  for (let v = 0; v <= 2; v++) await table.storage.delete(logPath(v, 'json'));
}
const state = [...start, txn, gone, add('c1'), add('c2')];
const [protocol, metaData] = start;
const described: Action = { checkpointMetadata: { version: 2 } };

const json = (name: string, ...actions: Action[]) =>
  table.storage.put(name, Buffer.from(actions.map((action) => `${JSON.stringify(action)}\n`).join('')));

/** Parquet with a struct column a kind of action, V2's own included. */
async function parquet(name: string, ...actions: Action[]): Promise<void> {
  const rows = `rows-${randomUUID()}.json`;
  const named = 'STRUCT(path VARCHAR, sizeInBytes BIGINT, modificationTime BIGINT)';
  await json(rows, ...actions);
  await table.parquet(
    name,
    `SELECT * FROM read_json('${table.storage.uri(rows)}', format='newline_delimited', columns={
      protocol: 'STRUCT(minReaderVersion INTEGER, minWriterVersion INTEGER, readerFeatures VARCHAR[], writerFeatures VARCHAR[])',
      metaData: 'STRUCT(id VARCHAR, format STRUCT(provider VARCHAR, options MAP(VARCHAR, VARCHAR)), schemaString VARCHAR, partitionColumns VARCHAR[], configuration MAP(VARCHAR, VARCHAR), createdTime BIGINT)',
      txn: 'STRUCT(appId VARCHAR, version BIGINT)',
      add: 'STRUCT(path VARCHAR, partitionValues MAP(VARCHAR, VARCHAR), size BIGINT, modificationTime BIGINT, dataChange BOOLEAN, stats VARCHAR)',
      remove: 'STRUCT(path VARCHAR, deletionTimestamp BIGINT, dataChange BOOLEAN)',
      checkpointMetadata: 'STRUCT(version BIGINT)', sidecar: '${named}'})`,
  );
  await table.storage.delete(rows);
}

async function sidecar(...actions: Action[]): Promise<Action> {
  const path = `${randomUUID()}.parquet`;
  await parquet(`_delta_log/_sidecars/${path}`, ...actions);
  return { sidecar: { path, sizeInBytes: 1, modificationTime: 1 } };
}

/** What the newest snapshot holds: files, the application's version, removed files. */
async function contents() {
  const { snapshot } = await table.open();
  return {
    files: snapshot.files.map(({ path }) => path),
    query: snapshot.txnVersion('query'),
    removed: [...snapshot.state.tombstones.values()].map(({ path }) => path),
    rows: snapshot.numRecords,
  };
}
const whole = { files: ['c1', 'c2', 'f3'], query: 7, removed: ['gone'], rows: 3 };
const uuidName = (version: number, kind: string) => logPath(version, `checkpoint.${randomUUID()}.${kind}`);

describe('a V2 checkpoint', () => {
  const kinds: [kind: string, write: (name: string, ...actions: Action[]) => Promise<void>][] = [
    ['json', json],
    ['parquet', parquet],
  ];

  it.each(kinds)('in %s holds everything itself', async (kind, write) => {
    await log();
    await write(uuidName(2, kind), described, ...state);
    await withoutOldCommits();
    expect(await contents()).toEqual(whole);
  });

  it.each(kinds)('in %s leaves files to sidecars, named in either way', async (kind, write) => {
    await log();
    const one = await sidecar(add('c1'));
    const other = await sidecar(add('c2'), gone);
    other.sidecar!.path = `file://${table.storage.uri(`_delta_log/_sidecars/${other.sidecar!.path}`)}`;
    await write(uuidName(2, kind), described, protocol, metaData, txn, one, other);
    await withoutOldCommits();
    expect(await contents()).toEqual(whole);
    expect(table.warnings).toEqual([]);
  });

  it('may have the classic name', async () => {
    await log();
    const rest = await sidecar(add('c1'), add('c2'), gone);
    await parquet(logPath(2, 'checkpoint.parquet'), described, protocol, metaData, txn, rest);
    await withoutOldCommits();
    expect(await contents()).toEqual(whole);
  });

  it('goes before others of its version, and newer ones before it', async () => {
    await log();
    await parquet(logPath(2, 'checkpoint.parquet'), ...start, add('classic'));
    await parquet(
      logPath(2, `checkpoint.${'1'.padStart(10, '0')}.${'1'.padStart(10, '0')}.parquet`),
      ...start,
      add('part'),
    );
    await json(uuidName(2, 'json'), described, ...state);
    expect(await contents()).toEqual(whole);
    await parquet(logPath(3, 'checkpoint.parquet'), ...start, add('newer'));
    expect((await contents()).files).toEqual(['newer']);
  });

  it('is found by any hint, and without one', async () => {
    await log();
    const name = uuidName(2, 'parquet');
    await parquet(name, described, ...state);
    await withoutOldCommits();
    const hint = (text: string) => table.storage.put('_delta_log/_last_checkpoint', Buffer.from(text));
    const v2Checkpoint = {
      path: name.split('/')[1],
      sizeInBytes: 1,
      modificationTime: 1,
      nonFileActions: [],
      sidecarFiles: [],
    };
    for (const version of [0, 2, 3, 99]) {
      await hint(JSON.stringify({ version, size: 1, v2Checkpoint }));
      expect(await contents()).toEqual(whole);
    }
    await hint('{"version":2');
    expect(await contents()).toEqual(whole);
  });

  it.each([
    [
      'lacks a sidecar',
      async () =>
        json(uuidName(2, 'json'), described, ...start, {
          sidecar: { path: 'no.parquet', sizeInBytes: 1, modificationTime: 1 },
        }),
    ],
    [
      'has a sidecar that is no Parquet',
      async () => {
        const broken = await sidecar(add('c1'));
        await table.storage.put(`_delta_log/_sidecars/${broken.sidecar!.path}`, Buffer.from('PAR1'));
        await json(uuidName(2, 'json'), described, ...start, broken);
      },
    ],
    [
      'is cut off',
      async () =>
        table.storage.put(uuidName(2, 'json'), Buffer.from('{"checkpointMetadata":{"version":2}}\n{"prot')),
    ],
    [
      'describes another version',
      async () => json(uuidName(2, 'json'), { checkpointMetadata: { version: 1 } }, ...state),
    ],
    ['does not describe itself', async () => parquet(uuidName(2, 'parquet'), ...state)],
  ])('that %s is passed over, for an older one or for the commits', async (_, write) => {
    await log();
    await write();
    await table.storage.put('_delta_log/_last_checkpoint', Buffer.from('{"version":2}'));
    expect((await contents()).files).toEqual(['f0', 'f1', 'f2', 'f3']);
    expect(table.warnings).toEqual(['delta.bad_checkpoint']);
    await json(uuidName(1, 'json'), { checkpointMetadata: { version: 1 } }, ...start, add('older'));
    for (const version of [0, 1]) await table.storage.delete(logPath(version, 'json'));
    expect((await contents()).files).toEqual(['f2', 'f3', 'older']);
    await table.storage.delete(logPath(2, 'json'));
    await expect(table.open()).rejects.toMatchObject({ code: 'delta.bad_checkpoint', fault: 'external' });
  });
});

describe('a classic checkpoint', () => {
  const part = (n: number, of: number) =>
    logPath(2, `checkpoint.${String(n).padStart(10, '0')}.${String(of).padStart(10, '0')}.parquet`);

  it('in parts counts when all are there', async () => {
    await log();
    await parquet(part(1, 3), ...start, add('c1'));
    await parquet(part(3, 3), txn, gone);
    await parquet(part(2, 2), add('of another'));
    expect((await contents()).files).toEqual(['f0', 'f1', 'f2', 'f3']);
    await parquet(part(2, 3), add('c2'));
    await withoutOldCommits();
    expect(await contents()).toEqual(whole);
  });

  it('is what we write for such a table, whatever its policy; other names in the log mean nothing', async () => {
    await log();
    await json(uuidName(2, 'json'), described, ...state);
    await withoutOldCommits();
    for (const name of [
      `${'1'.padStart(20, '0')}.${'3'.padStart(20, '0')}.compacted.json`,
      `${'3'.padStart(20, '0')}.crc`,
      `.${'3'.padStart(20, '0')}.json.crc`,
      `${'4'.padStart(20, '0')}.json.tmp`,
      `_staged_commits/${'4'.padStart(20, '0')}.${randomUUID()}.json`,
      `${'4'.padStart(20, '0')}.checkpoint.nonsense.parquet`,
      `${'4'.padStart(21, '0')}.json`,
    ]) {
      await table.storage.put(`_delta_log/${name}`, Buffer.from('{"add":{"path":"wrong"}}\n'));
    }
    expect(await contents()).toEqual(whole);
    const opened = await table.open();
    const handler = new DuckParquetHandler(database);
    await writeCheckpoint(table.storage, handler, opened.snapshot, Date.now());
    await table.storage.delete(logPath(3, 'json'));
    expect(await contents()).toEqual(whole);
  });
});
