/** Tables that Spark wrote, written on: half of the rows are deleted, changed or put back, and the table is what it was. */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { quoteIdent, scanSql } from '../../src/duck/index.js';
import { DeltaTable, type DuckSession, isMurmurError } from '../../src/table/index.js';
import { collect } from './collect.js';
import { duck, rowsOf, sorted, useTables } from './tables.js';

useTables();

const golden = resolve('../shared/golden/delta');
const names = existsSync(golden)
  ? readdirSync(golden).map((file) => file.replace(/\.tar\.zst$/, ''))
  : ['no golden tables'];

/** Their rows cannot be had; `test/delta/golden.test.ts` says why. */
const withoutRows = new Set([
  'deltalog-commit-info',
  'deltalog-invalid-protocol-version',
  'deltalog-state-reconstruction-from-checkpoint-missing-protocol',
  'deltalog-state-reconstruction-without-protocol',
  'no-delta-log-folder',
  'update-deleted-directory',
]);

describe.skipIf(!existsSync(golden))('golden tables', () => {
  let folder: string;
  let session: DuckSession;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'murmur-golden-write-'));
    session = await duck().connect();
  });
  afterAll(async () => {
    await session.close();
    await rm(folder, { recursive: true, force: true });
  });

  async function unpacked(name: string): Promise<DeltaTable> {
    const archive = join(golden, `${name}.tar.zst`);
    const { status } = spawnSync('sh', ['-c', `zstd -dc '${archive}' | tar -x -C '${folder}'`]);
    expect(status).toBe(0);
    return DeltaTable.open(join(folder, name, 'delta'), { duck: duck() });
  }

  it.each(names.filter((name) => !withoutRows.has(name)))('%s', async (name) => {
    const table = await unpacked(name);
    const { version } = table;
    const before = await rowsOf(table);
    const [first] = table.schema.fields;
    const where = `hash(${quoteIdent(first!.name)}::VARCHAR) % 2 = 0`;
    const half = sorted(await collect(table.rows({ where })));
    const deleted = await table.delete({ where }).catch((e: unknown) => e);
    if (table.properties['delta.columnMapping.mode'] !== undefined) {
      expect(isMurmurError(deleted) && deleted.context.feature).toBe('columnMapping');
      return;
    }
    expect(deleted).toMatchObject({ deletedRows: half.length });
    expect(await rowsOf(table)).toHaveLength(before.length - half.length);
    const source = `golden_${names.indexOf(name)}`;
    const old = await scanSql(session, await table.at(version), table.log.storage);
    await session.run(`CREATE TABLE ${source} AS SELECT * FROM (${old}) WHERE ${where}`);
    await table.append({ sql: `SELECT * FROM ${source}` });
    expect(await rowsOf(table)).toEqual(before);
    await table.update({ set: {} });
    expect(await rowsOf(table)).toEqual(before);
    // A deletion vector has done its work when its file is written anew.
    expect(table.log.snapshot.files.some((file) => file.deletionVector)).toBe(false);
    await table.close();
  });
});
