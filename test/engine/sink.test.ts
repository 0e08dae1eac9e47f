/** Commits of a batch in detail: merges beside other writers, and the account of posts. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/base/clock.js';
import { armFaultPoint } from '../../src/base/fault-point.js';
import { DeltaLog, optimize } from '../../src/delta/index.js';
import { DuckDatabase, DuckParquetHandler, type DuckSession, scanSql } from '../../src/duck/index.js';
import { ProgressWriter } from '../../src/engine/embedded/progress.js';
import { commitData, type DataCommit, stageMerge } from '../../src/engine/embedded/sink.js';
import { type Relation, Workspace } from '../../src/engine/embedded/workspace.js';
import type { BatchProgress } from '../../src/engine/engine.js';
import type { Sink } from '../../src/engine/plan.js';
import { application, progress } from '../../src/posts/tables.js';
import { LocalStorage } from '../../src/storage/local.js';
import { TestLake } from './lake.js';

let duck: DuckDatabase;
let session: DuckSession;
beforeAll(async () => {
  duck = await DuckDatabase.open();
  session = await duck.connect();
});
afterAll(() => duck.close());

describe('a merge', () => {
  const sink: Extract<Sink, { op: 'merge' }> = {
    op: 'merge',
    table: 'application',
    keys: ['mention'],
    columns: {
      positive: 'add',
      negative: 'add',
      neutral: 'add',
      min_timestamp: 'least',
      max_timestamp: 'greatest',
    },
    derive: { total: ['positive', 'negative'] },
  };
  let lake: TestLake;
  let table: DeltaLog;
  beforeEach(async () => {
    lake = new TestLake();
    table = await DeltaLog.create(
      new LocalStorage(lake.path('application')),
      { parquet: new DuckParquetHandler(duck) },
      { schema: application },
    );
  });
  afterEach(() => lake.remove());

  const counts = async (values: string): Promise<Relation> => {
    await session.run(`CREATE OR REPLACE TEMP TABLE counts AS SELECT mention, positive, 1::BIGINT AS negative, 0::BIGINT AS neutral,
      now() AS min_timestamp, now() AS max_timestamp FROM (VALUES ${values}) AS v(mention, positive)`);
    return { name: 'counts', columns: [], rows: 0, rowIsPost: false };
  };
  const commit = (batchId: number): DataCommit => ({
    queryId: 'q',
    batchId,
    report: () => '{}',
    outputRows: 0,
  });
  const merge = async (batchId: number, values: string) => {
    const relation = await counts(values);
    const stage = () => stageMerge(session, table, relation, sink);
    return commitData(table, commit(batchId), await stage(), stage);
  };
  const rows = async () =>
    session.rows(
      `SELECT mention, positive, negative, total FROM (${await scanSql(session, await table.update(), table.storage)}) ORDER BY mention NULLS FIRST`,
    );

  it('adds to the keys that are there, and puts in the others', async () => {
    await merge(0, `('ann', 1), (NULL, 2)`);
    await merge(1, `('bob', 5), (NULL, 1)`);
    expect(await rows()).toEqual([
      { mention: null, positive: 3, negative: 2, total: 5 },
      { mention: 'ann', positive: 1, negative: 1, total: 2 },
      { mention: 'bob', positive: 5, negative: 1, total: 6 },
    ]);
  });

  it('is planned anew when another writer replaced the files it read', async () => {
    await merge(0, `('ann', 1)`);
    await merge(1, `('bob', 1)`);
    const relation = await counts(`('ann', 10), ('bob', 10)`);
    const stage = () => stageMerge(session, table, relation, sink);
    const staged = await stage();
    const other = await DeltaLog.open(table.storage, table.env);
    expect(await optimize(other, { targetSize: 1_000_000 })).toMatchObject({ filesAdded: 1 });
    await commitData(table, commit(2), staged, stage);
    expect(await rows()).toEqual([
      { mention: 'ann', positive: 11, negative: 2, total: 13 },
      { mention: 'bob', positive: 11, negative: 2, total: 13 },
    ]);
  });

  it('that another process made first is not made again', async () => {
    const relation = await counts(`('ann', 1)`);
    const stage = () => stageMerge(session, table, relation, sink);
    const staged = await stage();
    const other = await DeltaLog.open(table.storage, table.env);
    await commitData(other, commit(0), staged, stage);
    await expect(commitData(table, commit(0), await stage(), stage)).rejects.toMatchObject({
      code: 'engine.fenced',
    });
    expect(await rows()).toEqual([{ mention: 'ann', positive: 1, negative: 1, total: 2 }]);
  });
});

it('progress that comes while progress is written is written next', async () => {
  const lake = new TestLake();
  const table = await DeltaLog.create(
    new LocalStorage(lake.path('progress')),
    { parquet: new DuckParquetHandler(duck) },
    { schema: progress },
  );
  const writer = new ProgressWriter(
    systemClock,
    await duck.connect(),
    async () => table,
    () => undefined,
  );
  const batch = (batch_id: number): BatchProgress =>
    Object.fromEntries(
      progress.fields.map(({ name, type }) => [
        name,
        type === 'string' ? 'x' : name === 'batch_id' ? batch_id : 0,
      ]),
    ) as unknown as BatchProgress;
  writer.add('q', batch(0));
  armFaultPoint('progress.before_commit', () => writer.add('q', batch(1)));
  await writer.flush();
  await writer.close();
  expect(
    await session.rows(
      `SELECT batch_id FROM (${await scanSql(session, table.snapshot, table.storage)}) ORDER BY batch_id`,
    ),
  ).toEqual([{ batch_id: 0 }, { batch_id: 1 }]);
  await lake.remove();
});

describe('the account of a batch', () => {
  const relation = (space: Workspace, ords: string, rowIsPost = false) =>
    space.relation(`SELECT unnest([${ords}])::BIGINT AS __ord, 0 AS __part`, [], rowIsPost);

  it('holds for posts with several rows and several causes of loss', async () => {
    const space = await Workspace.open(session);
    await space.begin();
    const output = await relation(space, '0, 0, 1, 3');
    await space.lose('dropped', 'SELECT unnest([1, 2, 2])::BIGINT AS __ord');
    await space.lose('quarantined', 'SELECT unnest([2, 4])::BIGINT AS __ord');
    await space.lose('superseded', 'SELECT unnest([4, 5])::BIGINT AS __ord');
    expect(await space.tally(6, output)).toEqual({
      output: 3,
      outputRows: 4,
      quarantined: 2,
      dropped: 0,
      superseded: 1,
      newestEventMs: null,
    });
  });

  it('is refused when a post went missing without a cause, or came from nowhere', async () => {
    const space = await Workspace.open(session);
    await space.begin();
    const output = await relation(space, '0, 2', true);
    await expect(space.tally(3, output)).rejects.toMatchObject({
      code: 'engine.accounting',
      fault: 'internal',
    });
    await expect(space.tally(1, output)).rejects.toMatchObject({ code: 'engine.accounting' });
  });

  it('begins afresh with every batch', async () => {
    const space = await Workspace.open(session);
    await space.begin();
    await space.lose('dropped', 'SELECT 1::BIGINT AS __ord');
    await space.begin();
    expect(await space.tally(1, await relation(space, '0'))).toMatchObject({ output: 1, dropped: 0 });
    expect(space.anyQuarantined).toBe(false);
  });
});
