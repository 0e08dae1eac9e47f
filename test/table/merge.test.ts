import { describe, expect, it } from 'vitest';
import { column, type DeltaTable, isMurmurError, type MergeOptions, struct } from '../../src/table/index.js';
import { commitOf, dataFiles, newTable, rowsOf, useTables } from './tables.js';

useTables();

const schema = struct(column('id', 'long'), column('n', 'integer'), column('note', 'string'));

/** Files of ids 1..3, 4..6 and one whose id is null. */
async function target(): Promise<DeltaTable> {
  const table = await newTable({ schema });
  for (const ids of [[1, 2, 3], [4, 5, 6], [null]]) {
    await table.append(ids.map((id) => ({ id, n: id === null ? 0 : id * 10 })));
  }
  return table;
}
const short = async (table: DeltaTable) => (await rowsOf(table)).map(({ id, n }) => `${id}:${n}`).sort();
const on = 'target.id = source.id';
const codeOf = (work: Promise<unknown>) =>
  work.then(
    () => 'done',
    (e) => (isMurmurError(e) ? e.code : String(e)),
  );

describe('merge', () => {
  it('updates, deletes and inserts in one commit, and rewrites only files that change', async () => {
    const table = await target();
    const before = table.log.snapshot.files;
    const result = await table.merge({
      source: [
        { id: 1, n: 1, gone: false },
        { id: 2, n: 2, gone: true },
        { id: 7, n: 7, gone: false },
        { id: 8, n: 8, gone: true },
      ],
      on,
      whenMatched: [{ where: 'source.gone', delete: true }, { update: { n: 'target.n + source.n' } }],
      whenNotMatched: [{ where: 'NOT source.gone', insert: { id: 'source.id', n: 'source.n' } }],
    });
    expect(result).toEqual({ version: 4, inserted: 1, updated: 1, deleted: 1 });
    expect(await short(table)).toEqual(['1:11', '3:30', '4:40', '5:50', '6:60', '7:7', 'null:0']);
    expect(before.filter((file) => table.log.snapshot.has(file))).toHaveLength(2);
    expect((await commitOf(table))[0]!.commitInfo).toMatchObject({
      operation: 'MERGE',
      operationParameters: {
        predicate: '["target.id = source.id"]',
        matchedPredicates: '[{"predicate":"source.gone","actionType":"delete"},{"actionType":"update"}]',
        notMatchedBySourcePredicates: '[]',
      },
      operationMetrics: {
        ...{ numSourceRows: '4', numTargetRowsInserted: '1', numTargetRowsUpdated: '1' },
        ...{ numTargetRowsDeleted: '1', numTargetRowsCopied: '1', numOutputRows: '3' },
        ...{ numTargetFilesAdded: '1', numTargetFilesRemoved: '1' },
      },
      isBlindAppend: false,
    });
  });

  it('takes all columns that the source has, and leaves the others as they are', async () => {
    const table = await target();
    await table.update({ set: { note: "'kept'" }, where: 'id = 4' });
    const source = [
      { ID: 4, n: 44 },
      { id: 9, N: 9 },
    ];
    await table.merge({ source, on, whenMatched: [{ update: 'all' }], whenNotMatched: [{ insert: 'all' }] });
    expect(await rowsOf(table, 'id = 4 OR id = 9')).toEqual([
      { id: 4, n: 44, note: 'kept' },
      { id: 9, n: 9, note: null },
    ]);
  });

  it('adds columns with mergeSchema, and refuses them without', async () => {
    const table = await target();
    const merge: MergeOptions = {
      source: [{ id: 1, n: 5, score: 0.5 }],
      ...{ on, whenMatched: [{ update: 'all' }], whenNotMatched: [{ insert: 'all' }] },
    };
    expect(await codeOf(table.merge(merge))).toBe('delta.schema_mismatch');
    await table.merge({ ...merge, mergeSchema: true });
    expect(await rowsOf(table, 'id <= 2')).toEqual([
      { id: 1, n: 5, note: null, score: 0.5 },
      { id: 2, n: 20, note: null, score: null },
    ]);
  });

  it('also acts on rows that the source does not have', async () => {
    const table = await target();
    const result = await table.merge({
      source: { sql: 'SELECT unnest([1, 4]) AS id' },
      on,
      whenNotMatchedBySource: [
        { where: 'target.id IS NULL', delete: true },
        { where: 'target.id < 4', update: { n: '-target.n' } },
      ],
    });
    expect(result).toMatchObject({ inserted: 0, updated: 2, deleted: 1 });
    expect(await short(table)).toEqual(['1:10', '2:-20', '3:-30', '4:40', '5:50', '6:60']);
  });

  it('commits nothing when there is nothing to do', async () => {
    const table = await target();
    const source = [{ id: 77 }];
    expect(await table.merge({ source, on, whenMatched: [{ delete: true }] })).toEqual({
      ...{ version: 3, inserted: 0, updated: 0, deleted: 0 },
    });
    expect(await table.merge({ source: [], on, whenNotMatched: [{ insert: 'all' }] })).toMatchObject({
      ...{ version: 3, inserted: 0 },
    });
  });

  it('refuses two rows of the source for one of the table, unless both delete it', async () => {
    const table = await target();
    const before = await dataFiles(table);
    const source = [{ id: 1 }, { id: 1 }, { id: 5 }];
    const update = table.merge({ source, on, whenMatched: [{ update: { n: '0' } }] });
    expect(await codeOf(update)).toBe('table.merge_ambiguous');
    expect(await dataFiles(table)).toEqual(before);
    expect(await table.merge({ source, on, whenMatched: [{ delete: true }] })).toMatchObject({ deleted: 2 });
    expect(await short(table)).toEqual(['2:20', '3:30', '4:40', '6:60', 'null:0']);
  });

  it.each<[string, Partial<MergeOptions>, string]>([
    ['no clause', {}, 'table.bad_options'],
    ['an empty clause', { whenMatched: [{}] }, 'table.bad_options'],
    ['an unknown column', { whenMatched: [{ update: { x: '1' } }] }, 'table.column_unknown'],
    ['another type', { whenNotMatched: [{ insert: { id: "'1'" } }] }, 'duck.type_mismatch'],
    ['target in an insert', { whenNotMatched: [{ insert: { id: 'target.id' } }] }, 'duck.sql_error'],
    ['a condition that is none', { on: 'nosuch = 1', whenMatched: [{ delete: true }] }, 'duck.sql_error'],
  ])('refuses %s', async (_what, options, code) => {
    const table = await target();
    expect(await codeOf(table.merge({ source: [{ id: 1 }], on, ...options }))).toBe(code);
    expect(table.version).toBe(3);
  });
});
