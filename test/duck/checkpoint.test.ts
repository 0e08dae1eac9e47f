import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Action } from '../../src/delta/actions.js';
import { DuckDatabase, DuckParquetHandler, type DuckSession } from '../../src/duck/index.js';
import { LocalStorage } from '../../src/storage/local.js';

let dir: string;
let storage: LocalStorage;
let database: DuckDatabase;
let handler: DuckParquetHandler;
let session: DuckSession;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'murmur-checkpoint-test-'));
  storage = new LocalStorage(dir);
  database = await DuckDatabase.open({ threads: 2 });
  handler = new DuckParquetHandler(database);
  session = await database.connect();
});
afterAll(async () => {
  await database.close();
  await rm(dir, { recursive: true, force: true });
});

const deletionVector = {
  storageType: 'u',
  pathOrInlineDv: 'ab^-aqEH.-t@S}K{vb[*k^',
  offset: 4,
  sizeInBytes: 40,
  cardinality: 6,
} as const;
const actions: Action[] = [
  {
    protocol: {
      minReaderVersion: 3,
      minWriterVersion: 7,
      readerFeatures: ['deletionVectors'],
      writerFeatures: ['deletionVectors', 'appendOnly'],
    },
  },
  {
    metaData: {
      id: '3f1b',
      format: { provider: 'parquet', options: {} },
      schemaString: '{"type":"struct","fields":[]}',
      partitionColumns: ['region'],
      configuration: { 'delta.appendOnly': 'false', odd: '"\\\n😀' },
      createdTime: 1700000000000,
    },
  },
  { txn: { appId: 'query', version: 12, lastUpdated: 1700000000001 } },
  { txn: { appId: 'other', version: 0 } },
  { domainMetadata: { domain: 'd', configuration: '{"a":1}', removed: false } },
  {
    add: {
      path: 'region=US%252FEast/part%201.parquet',
      partitionValues: { region: 'US/East' },
      size: 9007199254740991,
      modificationTime: 1700000000002,
      dataChange: false,
      stats: '{"numRecords":3,"minValues":{"id":9007199254740993}}',
      tags: { k: 'v' },
      deletionVector,
      baseRowId: 5,
      defaultRowCommitVersion: 6,
    },
  },
  { add: { path: 'b', partitionValues: { region: null }, size: 1, modificationTime: 2, dataChange: false } },
  {
    remove: {
      path: 'c',
      dataChange: false,
      deletionTimestamp: 1700000000003,
      extendedFileMetadata: true,
      partitionValues: { region: null },
      size: 7,
      deletionVector,
    },
  },
  { remove: { path: 'd', dataChange: false } },
];

const kinds = (list: Action[]) => list.map((a) => Object.keys(a)[0]!);
/** Actions in one order, whatever the order of their fields. */
const sorted = (list: Action[]) => list.toSorted((a, b) => (labelOf(a) < labelOf(b) ? -1 : 1));
function labelOf(action: Action): string {
  const [[kind, fields] = ['', {}]] = Object.entries(action) as [string, Record<string, unknown>][];
  return `${kind} ${fields.path ?? fields.appId ?? ''}`;
}
const plain = (list: unknown[]) => list as Action[];

/** Every node of a file's schema as `depth-first name, physical type, repetition`. */
async function nodes(path: string): Promise<string[]> {
  const rows = await session.rows<{
    name: string;
    type: string | null;
    repetition_type: string;
    converted_type: string | null;
  }>(`SELECT name, type, repetition_type, converted_type FROM parquet_schema('${storage.uri(path)}')`);
  return rows
    .slice(1)
    .map((r) => [r.name, r.type ?? 'group', r.repetition_type, ...annotation(r.converted_type)].join(' '));
}

/** DuckDB writes INT_32 and INT_64 where Spark writes nothing; they say what the physical type says. */
function annotation(converted: string | null): string[] {
  return converted === null || /^INT_(32|64)$/.test(converted) ? [] : [converted];
}

const text = (name: string) => `${name} BYTE_ARRAY OPTIONAL UTF8`;
const long = (name: string) => `${name} INT64 OPTIONAL`;
const int = (name: string) => `${name} INT32 OPTIONAL`;
const bool = (name: string) => `${name} BOOLEAN OPTIONAL`;
const group = (name: string) => `${name} group OPTIONAL`;
const map = (name: string) => [
  `${name} group OPTIONAL MAP`,
  'key_value group REPEATED',
  'key BYTE_ARRAY REQUIRED UTF8',
  text('value'),
];
const list = (name: string) => [`${name} group OPTIONAL LIST`, 'list group REPEATED', text('element')];
const vector = [
  group('deletionVector'),
  text('storageType'),
  text('pathOrInlineDv'),
  int('offset'),
  int('sizeInBytes'),
  long('cardinality'),
  long('maxRowIndex'),
];
const classicNodes = [
  group('txn'),
  text('appId'),
  long('version'),
  long('lastUpdated'),
  group('add'),
  text('path'),
  ...map('partitionValues'),
  long('size'),
  long('modificationTime'),
  bool('dataChange'),
  ...map('tags'),
  ...vector,
  long('baseRowId'),
  long('defaultRowCommitVersion'),
  text('clusteringProvider'),
  text('stats'),
  group('remove'),
  text('path'),
  long('deletionTimestamp'),
  bool('dataChange'),
  bool('extendedFileMetadata'),
  ...map('partitionValues'),
  long('size'),
  ...vector,
  long('baseRowId'),
  long('defaultRowCommitVersion'),
  group('metaData'),
  text('id'),
  text('name'),
  text('description'),
  group('format'),
  text('provider'),
  ...map('options'),
  text('schemaString'),
  ...list('partitionColumns'),
  ...map('configuration'),
  long('createdTime'),
  group('protocol'),
  int('minReaderVersion'),
  int('minWriterVersion'),
  ...list('readerFeatures'),
  ...list('writerFeatures'),
  group('domainMetadata'),
  text('domain'),
  text('configuration'),
  bool('removed'),
];

describe('a checkpoint we write', () => {
  it('gives back every action, and has one row each', async () => {
    const path = '_delta_log/.x.checkpoint.tmp';
    const written = await handler.writeCheckpoint(storage, path, actions);
    expect(written).toEqual({ rows: actions.length, size: (await storage.stat(path))!.size });
    expect(sorted(await handler.readCheckpoint(storage, [path]))).toEqual(sorted(actions));
  });

  it('has the schema of the protocol, node by node, in plain pages', async () => {
    await handler.writeCheckpoint(storage, 'schema.parquet', actions);
    expect(await nodes('schema.parquet')).toEqual(classicNodes);
    const pages = await session.rows(
      `SELECT DISTINCT encodings, bloom_filter_offset FROM parquet_metadata('${storage.uri('schema.parquet')}')`,
    );
    expect(pages).toEqual([{ encodings: 'PLAIN', bloom_filter_offset: null }]);
  });

  it('tells state, not news: no commitInfo, no cdc, no dataChange, no statistics of removed files', async () => {
    const rows = await handler.writeCheckpoint(storage, 'state.parquet', [
      { commitInfo: { operation: 'WRITE' } },
      { cdc: { path: 'x', partitionValues: {}, size: 1, dataChange: false } },
      { add: { path: 'a', partitionValues: {}, size: 1, modificationTime: 1, dataChange: true } },
      { remove: { path: 'r', dataChange: true, stats: '{"numRecords":1}', tags: { t: 'x' } } },
    ]);
    expect(rows.rows).toBe(2);
    expect(await handler.readCheckpoint(storage, ['state.parquet'])).toEqual([
      { add: { path: 'a', partitionValues: {}, size: 1, modificationTime: 1, dataChange: false } },
      { remove: { path: 'r', dataChange: false } },
    ]);
  });

  it('that lacks what an action needs is found before anyone else reads it', async () => {
    const broken = plain([{ txn: { version: 1 } }]);
    await expect(handler.writeCheckpoint(storage, 'broken.parquet', broken)).rejects.toMatchObject({
      code: 'duck.checkpoint_incomplete',
      fault: 'internal',
    });
  });

  it('may be large, and written from anything iterable', async () => {
    function* many(): Generator<Action> {
      for (let i = 0; i < 5000; i++) {
        yield {
          add: {
            path: `part-${i}`,
            partitionValues: {},
            size: i,
            modificationTime: i,
            dataChange: false,
            stats: `{"numRecords":${i}}`,
          },
        };
      }
    }
    expect((await handler.writeCheckpoint(storage, 'large.parquet', many())).rows).toBe(5000);
    const back = await handler.readCheckpoint(storage, ['large.parquet']);
    expect(back[4999]).toEqual({
      add: {
        path: 'part-4999',
        partitionValues: {},
        size: 4999,
        modificationTime: 4999,
        dataChange: false,
        stats: '{"numRecords":4999}',
      },
    });
  });
});

describe('a checkpoint someone else wrote', () => {
  const parquet = (select: string, path: string) =>
    session.run(`COPY (${select}) TO '${storage.uri(path)}' (FORMAT parquet)`);

  it('may lack columns and fields, have others, and narrower numbers', async () => {
    await parquet(
      `SELECT * FROM (SELECT
         {'path': 'a', 'size': 5::INTEGER, 'modificationTime': 6, 'dataChange': true, 'new_field': 1,
          'partitionValues': NULL::MAP(VARCHAR, VARCHAR), 'stats_parsed': {'numRecords': 77, 'minValues': {'id': 1}}} AS add,
         NULL::STRUCT(appId VARCHAR, version INTEGER) AS txn, NULL::STRUCT(x INTEGER) AS novelty, NULL::STRUCT(y INTEGER) AS remove
       UNION ALL SELECT NULL, {'appId': 'q', 'version': 3}, {'x': 1}, {'y': 2})`,
      'foreign.parquet',
    );
    expect(await handler.readCheckpoint(storage, ['foreign.parquet'])).toEqual(
      [
        { txn: { appId: 'q', version: 3 } },
        {
          add: {
            path: 'a',
            size: 5,
            modificationTime: 6,
            dataChange: true,
            partitionValues: {},
            stats: '{"numRecords":77}',
          },
        },
      ].toSorted((a) => ('add' in a ? -1 : 1)),
    );
  });

  it('may hold present structs of nulls, sidecars, and come in parts', async () => {
    await parquet(
      `SELECT {'path': NULL::VARCHAR, 'size': NULL::BIGINT} AS add, {'path': 's.parquet', 'sizeInBytes': 9, 'modificationTime': 8} AS sidecar,
         {'version': 4} AS checkpointMetadata`,
      'part1.parquet',
    );
    await parquet(
      `SELECT {'path': 'p', 'partitionValues': MAP {'k': NULL::VARCHAR}, 'size': 1, 'modificationTime': 2, 'dataChange': false,
         'deletionVector': {'storageType': NULL::VARCHAR, 'cardinality': NULL::BIGINT}} AS add`,
      'part2.parquet',
    );
    const back = await handler.readCheckpoint(storage, ['part1.parquet', 'part2.parquet']);
    expect(sorted(back)).toEqual(
      sorted(
        plain([
          {
            add: { path: 'p', partitionValues: { k: null }, size: 1, modificationTime: 2, dataChange: false },
          },
          { sidecar: { path: 's.parquet', sizeInBytes: 9, modificationTime: 8 } },
          { checkpointMetadata: { version: 4 } },
        ]),
      ),
    );
  });

  it('that is broken or missing is an error of the outside world', async () => {
    await storage.put('garbage.parquet', Buffer.from('PAR1 this is no Parquet file at all PAR1'));
    await expect(handler.readCheckpoint(storage, ['garbage.parquet'])).rejects.toMatchObject({
      fault: 'external',
    });
    await storage.put('empty.parquet', Buffer.alloc(0));
    await expect(handler.readCheckpoint(storage, ['empty.parquet'])).rejects.toMatchObject({
      fault: 'external',
    });
    await expect(handler.readCheckpoint(storage, ['none.parquet'])).rejects.toMatchObject({
      code: 'duck.file_missing',
    });
    expect(await handler.readCheckpoint(storage, [])).toEqual([]);
  });
});

// Tables written by Spark lie outside the project.
const golden = '../shared/golden/delta';
describe.skipIf(!existsSync(golden))("Spark's checkpoints", () => {
  it.each([
    ['basic-with-inserts-deletes-checkpoint', { add: 6, remove: 5, metaData: 1, protocol: 1 }],
    ['dv-with-columnmapping', { add: 18, remove: 10, metaData: 1, protocol: 1 }],
    ['v2-checkpoint-parquet', { metaData: 1, protocol: 1, checkpointMetadata: 1, sidecar: 2 }],
  ])('%s', async (name, expected) => {
    const packed = execFileSync('zstd', ['-dcq', `${golden}/${name}.tar.zst`], { maxBuffer: 2 ** 28 });
    execFileSync('tar', ['-x', '-C', dir], { input: packed });
    const log = `${name}/delta/_delta_log`;
    const file = (await readdir(join(dir, log))).find((f) => /^\d{20}\.checkpoint\..*parquet$/.test(f))!;
    const back = await handler.readCheckpoint(storage, [`${log}/${file}`]);
    const counts: Record<string, number> = {};
    for (const kind of kinds(back)) counts[kind] = (counts[kind] ?? 0) + 1;
    expect(counts).toEqual(expected);
    for (const { add } of back) {
      if (add)
        expect(Object.keys(add)).toEqual(
          expect.arrayContaining([
            'path',
            'partitionValues',
            'size',
            'modificationTime',
            'dataChange',
            'stats',
          ]),
        );
    }
    // What Spark wrote beyond our columns are statistics as columns; what both have is the same, node by node.
    const spark = new Set(await nodes(`${log}/${file}`));
    const younger = text('clusteringProvider');
    expect(classicNodes.filter((n) => !spark.has(n) && n !== younger)).toEqual([]);
  });
});
