/**
 * Tables that Spark wrote, with the rows that must come out (needs ../shared/golden; absent, the tests are skipped). What
 * is not read yet must be refused by name.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { compact, DeltaLog } from '../../src/delta/index.js';
import { DuckDatabase, type DuckSession, quoteString, scanSql } from '../../src/duck/index.js';
import { DuckParquetHandler } from '../../src/duck/parquet-handler.js';
import { LocalStorage } from '../../src/storage/local.js';
import { testEnv } from './rows.js';

const golden = resolve('../shared/golden/delta');

const readable = [
  '124-decimal-decode-bug',
  'basic-decimal-table-legacy',
  'basic-with-inserts-deletes-checkpoint',
  'basic-with-inserts-overwrite-restore',
  'basic-with-vacuum-protocol-check-feature',
  'corrupted-last-checkpoint-kernel',
  'data-reader-array-complex-objects',
  'data-reader-date-types-America',
  'data-reader-date-types-Etc',
  'data-reader-date-types-Jst',
  'data-reader-date-types-utc',
  'data-reader-map',
  'data-reader-primitives',
  'data-skipping-basic-stats-all-types-checkpoint',
  'data-skipping-change-stats-collected-across-versions',
  'decimal-various-scale-precision',
  'kernel-timestamp-int96',
  'kernel-timestamp-timestamp_micros',
  'parquet-all-types-legacy-format',
  'snapshot-data0',
  'snapshot-data2-deleted',
  'snapshot-data3',
  'snapshot-vacuumed',
  'time-travel-partition-changes-b',
  'time-travel-schema-changes-b',
  'time-travel-start-start20',
];

describe.skipIf(!existsSync(golden))('golden tables', () => {
  let folder: string;
  let database: DuckDatabase;
  let session: DuckSession;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'murmur-golden-'));
    database = await DuckDatabase.open();
    session = await database.connect();
  });
  afterAll(async () => {
    await session.close();
    await database.close();
    await rm(folder, { recursive: true, force: true });
  });

  async function unpacked(name: string): Promise<string> {
    const place = await mkdtemp(join(folder, 'table-'));
    const archive = quote(join(golden, `${name}.tar.zst`));
    const { status, stderr } = spawnSync('sh', ['-c', `zstd -dc ${archive} | tar -x -C ${quote(place)}`]);
    if (status !== 0) throw new Error(`unpacking ${name}: ${stderr}`);
    return join(place, name);
  }
  const open = (place: string) =>
    DeltaLog.open(
      new LocalStorage(join(place, 'delta')),
      testEnv({ parquet: new DuckParquetHandler(database) }),
    );

  /** How many rows are on one side only. */
  async function difference(table: DeltaLog, place: string): Promise<number> {
    const columns = table.snapshot.schema.fields.map(({ name }) => `"${name}"`).join(', ');
    const ours = `SELECT ${columns} FROM (${await scanSql(session, table.snapshot, table.storage)})`;
    const files = quoteString(join(place, 'expected/**/*.parquet'));
    const theirs = `SELECT ${columns} FROM read_parquet(${files}, hive_partitioning=false)`;
    const oneSided = (a: string, b: string) => `SELECT count(*) FROM (${a} EXCEPT ALL ${b})`;
    return session.scalar(`SELECT (${oneSided(ours, theirs)}) + (${oneSided(theirs, ours)})`);
  }

  it.each(readable)('%s has its rows', async (name) => {
    const place = await unpacked(name);
    const table = await open(place);
    expect(await difference(table, place)).toBe(0);
    const counted = await session.scalar(
      `SELECT count(*) FROM (${await scanSql(session, table.snapshot, table.storage)})`,
    );
    const { numRecords = counted } = table.snapshot;
    expect(numRecords).toBe(counted);
  });

  it.each(['snapshot-data3', 'time-travel-partition-changes-b', 'basic-with-inserts-deletes-checkpoint'])(
    '%s keeps its rows when we compact and checkpoint it',
    async (name) => {
      const place = await unpacked(name);
      const table = await open(place);
      const before = table.snapshot.version;
      const { metadata } = table.snapshot;
      const result = await compact(table, { targetSize: 2 ** 20 });
      expect(result.outcome).toBe('compacted');
      const configuration = { ...metadata.configuration, 'delta.checkpointInterval': '1' };
      const change = table.begin().setMetadata({ ...metadata, configuration });
      expect(await change.commit({ operation: 'SET TBLPROPERTIES' })).toMatchObject({ version: before + 2 });
      await table.settled();
      const own = `_delta_log/${String(before + 2).padStart(20, '0')}.checkpoint.parquet`;
      expect(await table.storage.stat(own)).toBeDefined();
      for (let v = 0; v <= before + 1; v++) {
        await table.storage.delete(`_delta_log/${String(v).padStart(20, '0')}.json`);
      }
      expect(await difference(await open(place), place)).toBe(0);
    },
  );

  it.each([
    ['deltalog-invalid-protocol-version', 'delta.unsupported_feature', /reader version 99/],
    ['v2-checkpoint-parquet', 'delta.unsupported_feature', /v2Checkpoint/],
    ['table-with-columnmapping-mode-name', 'delta.unsupported_feature', /columnMapping/],
    ['dv-with-columnmapping', 'delta.unsupported_feature', /columnMapping/],
    ['data-reader-timestamp_ntz-name-mode', 'delta.unsupported_feature', /columnMapping/],
    ['deltalog-state-reconstruction-without-protocol', 'delta.broken_log', /protocol/],
    ['deltalog-state-reconstruction-from-checkpoint-missing-protocol', 'delta.broken_log', /protocol/],
  ])('%s is refused: %s', async (name, code, message) => {
    const error = await open(await unpacked(name)).catch((e) => e);
    expect(error).toMatchObject({ code, message: expect.stringMatching(message) });
  });

  it.each([
    ['canonicalized-paths-normal-b', 0],
    ['canonicalized-paths-special-b', 0],
    ['update-deleted-directory', 10],
    ['deltalog-commit-info', 1],
  ])('%s, which is a log only, has %i files', async (name, files) => {
    expect((await open(await unpacked(name))).snapshot.fileCount).toBe(files);
  });

  it('files with deletion vectors are known apart, and never read as if they had none', async () => {
    const place = await unpacked('log-replay-dv-key-cases');
    const table = await open(place);
    const { files, numRecords } = table.snapshot;
    expect(files.length).toBeGreaterThan(0);
    const [expected] = await session.rows<{ n: number }>(
      `SELECT count(*) AS n FROM read_parquet(${quoteString(join(place, 'expected/**/*.parquet'))})`,
    );
    expect(numRecords).toBe(expected!.n);
    await expect(scanSql(session, table.snapshot, table.storage)).rejects.toThrow(/deletion vector/i);
  });

  it('a folder without a log is no table', async () => {
    const place = await unpacked('no-delta-log-folder');
    await mkdir(join(place, 'delta'), { recursive: true });
    await expect(open(place)).rejects.toMatchObject({ code: 'delta.not_a_table' });
  });
});

function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
