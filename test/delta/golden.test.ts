/**
 * Tables that Spark wrote, with the rows that must come out (needs ../shared/golden; absent, the tests are skipped). What
 * is not read yet must be refused by name.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isMurmurError } from '../../src/base/errors.js';
import { DeltaLog, optimize, planChanges, type Snapshot } from '../../src/delta/index.js';
import {
  changeRows,
  DuckDatabase,
  type DuckSession,
  quoteString,
  type Row,
  scanSql,
} from '../../src/duck/index.js';
import { DuckParquetHandler } from '../../src/duck/parquet-handler.js';
import { LocalStorage } from '../../src/storage/local.js';
import { testEnv } from './rows.js';

const golden = resolve('../shared/golden/delta');

/** Of these there are no rows to compare: their log names files that are not there, or none. */
const logOnly: Readonly<Record<string, number>> = {
  'canonicalized-paths-normal-b': 0,
  'canonicalized-paths-special-b': 0,
  'update-deleted-directory': 10,
  'deltalog-commit-info': 1,
};

const refused: Readonly<Record<string, [code: string, message: RegExp]>> = {
  'deltalog-invalid-protocol-version': ['delta.unsupported_feature', /reader version 99/],
  'deltalog-state-reconstruction-without-protocol': ['delta.broken_log', /protocol/],
  'deltalog-state-reconstruction-from-checkpoint-missing-protocol': ['delta.broken_log', /protocol/],
  'no-delta-log-folder': ['delta.not_a_table', /no Delta table/],
};

/** Tables that cannot tell how they came to be. */
const untold: Readonly<Record<string, string>> = {
  'time-travel-partition-changes-b': 'a commit that overwrites the schema loses a column',
  'snapshot-vacuumed': 'files of the version before the first whose changes are there have been deleted',
};

const names = existsSync(golden)
  ? readdirSync(golden).map((file) => file.replace(/\.tar\.zst$/, ''))
  : ['no golden tables'];
const withRows = names.filter((name) => !(name in logOnly) && !(name in refused));

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

  it.each(withRows)('%s has its rows', async (name) => {
    const place = await unpacked(name);
    const table = await open(place);
    expect(await difference(table, place)).toBe(0);
    const counted = await session.scalar(
      `SELECT count(*) FROM (${await scanSql(session, table.snapshot, table.storage)})`,
    );
    const { numRecords = counted } = table.snapshot;
    expect(numRecords).toBe(counted);
  });

  it.each(withRows.filter((name) => !(name in untold)))(
    '%s: what its commits changed adds up to its rows',
    async (name) => {
      const table = await open(await unpacked(name));
      const gone = await planChanges(table, { from: 0 }).then(
        () => undefined,
        (e: unknown) => e,
      );
      const from =
        gone === undefined
          ? 0
          : isMurmurError(gone, 'delta.changes_gone')
            ? gone.context.firstReadable
            : gone;
      if (typeof from !== 'number') throw from;
      const rows = new Map<string, number>();
      const count = ({ _change_type, _commit_version, _commit_timestamp, ...row }: Row, n: number) => {
        const key = JSON.stringify(row);
        rows.set(key, (rows.get(key) ?? 0) + n);
      };
      const rowsAt = async (snapshot: Snapshot) =>
        session.rows(await scanSql(session, snapshot, table.storage));
      if (from > 0) for (const row of await rowsAt(await table.at(from - 1))) count(row, 1);
      if (from <= table.snapshot.version) {
        const source = { storage: table.storage, connect: () => database.connect() };
        for await (const row of changeRows(await planChanges(table, { from }), source))
          count(row, /^(insert|update_postimage)$/.test(String(row._change_type)) ? 1 : -1);
      }
      for (const row of await rowsAt(table.snapshot)) count(row, -1);
      expect([...rows].filter(([, n]) => n !== 0)).toEqual([]);
    },
  );

  it.each(['snapshot-data3', 'time-travel-partition-changes-b', 'basic-with-inserts-deletes-checkpoint'])(
    '%s keeps its rows when we compact and checkpoint it',
    async (name) => {
      const place = await unpacked(name);
      const table = await open(place);
      const before = table.snapshot.version;
      const { metadata } = table.snapshot;
      const result = await optimize(table, { targetSize: 2 ** 20 });
      expect(result.versions).toEqual([before + 1]);
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

  it.each(Object.entries(refused))('%s is refused', async (name, [code, message]) => {
    const place = await unpacked(name);
    await mkdir(join(place, 'delta'), { recursive: true });
    const error = await open(place).catch((e) => e);
    expect(error).toMatchObject({ code, message: expect.stringMatching(message) });
  });

  it.each(Object.entries(logOnly))('%s, which is a log only, has %i files', async (name, files) => {
    expect((await open(await unpacked(name))).snapshot.fileCount).toBe(files);
  });
});

function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
