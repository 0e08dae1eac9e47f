/** The verbs that change tables: optimize, vacuum, restore, and a run that ends with them. */
import { mkdtempSync, readdirSync, realpathSync, rmSync, utimesSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DeltaTable } from '../../src/table/index.js';
import { call, callFailure, callJson } from './call.js';

const dir = realpathSync(mkdtempSync(join(tmpdir(), 'murmur-table-care-')));
const lake = join(dir, 'lake');
const here = { cwd: lake };
const foreign = join(dir, 'foreign');
const at = ['--path', foreign];
beforeAll(async () => {
  await callJson(['init', 'lake', '--sample', '40'], { cwd: dir });
  await callJson(['run', '--once'], here);
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

/** A table of others with as many commits as there are numbers. */
async function makeForeign(numbers: number[]) {
  rmSync(foreign, { recursive: true, force: true });
  const schema = { type: 'struct' as const, fields: [] as never[] };
  const column = (name: string, type: 'long' | 'string') => ({ name, type, nullable: true, metadata: {} });
  const table = await DeltaTable.create(foreign, {
    schema: { ...schema, fields: [column('n', 'long'), column('p', 'string')] as never[] },
    partitionColumns: ['p'],
  });
  for (const n of numbers) await table.append([{ n, p: n % 2 === 0 ? 'even' : 'odd' }]);
  await table.close();
}
const rows = async (...more: string[]) =>
  (await callJson<{ n: number }[]>(['table', 'head', ...at, ...more])).map(({ n }) => n).sort();

describe('optimize', () => {
  it('joins files of some partitions, of all, and then finds nothing to gain', async () => {
    await makeForeign([1, 2, 3, 4, 5, 6]);
    expect(await callJson(['table', 'optimize', ...at, '--where', "p = 'even'"])).toMatchObject([
      { table: 'foreign', versions: [7], files_removed: 3, files_added: 1 },
    ]);
    expect((await call(['table', 'optimize', ...at])).stdout).toMatch(
      /^foreign: 3 files \(.*\) became 1 \(.*\), version 8\n$/,
    );
    expect((await call(['table', 'optimize', ...at])).stdout).toBe('foreign: nothing to gain\n');
    expect(await rows()).toEqual([1, 2, 3, 4, 5, 6]);
    const [entry] = await callJson<{ operation: string; operationMetrics: object }[]>([
      ...['table', 'history', ...at, '--limit', '1'],
    ]);
    expect(entry).toMatchObject({ operation: 'OPTIMIZE', operationMetrics: { numRemovedFiles: '3' } });
  });

  it('puts rows into Z-order, and says why a column cannot be used', async () => {
    expect(await callJson(['table', 'optimize', ...at, '--zorder-by', 'n'])).toMatchObject([
      { versions: [9] },
    ]);
    expect(await callJson(['table', 'optimize', ...at, '--zorder-by', 'n'])).toMatchObject([
      { versions: [] },
    ]);
    expect(await callFailure(['table', 'optimize', ...at, '--zorder-by', 'p'])).toMatchObject({
      code: 'delta.zorder_column',
    });
    expect(await callFailure(['table', 'optimize', ...at, '--where', 'n > 1'])).toMatchObject({
      ...{ code: 'duck.partition_condition', fault: 'user' },
      fix: expect.stringContaining('p'),
    });
    expect(await callFailure(['table', 'optimize', ...at, '--target-size', 'huge'])).toMatchObject({
      code: 'cli.usage',
    });
    expect(await callFailure(['table', 'optimize', 'gold', '--zorder-by', 'text'], here)).toMatchObject({
      code: 'delta.zorder_column',
      fix: expect.stringContaining('delta.dataSkippingStatsColumns'),
    });
  });
});

describe('vacuum', () => {
  it('asks, and deletes what it said it would', async () => {
    await makeForeign([1, 3]);
    await callJson(['table', 'optimize', ...at]);
    for (const name of readdirSync(join(foreign, 'p=odd'))) utimesSync(join(foreign, 'p=odd', name), 0, 0);
    expect((await call(['table', 'vacuum', ...at, '--yes'])).stdout).toBe('foreign: nothing to delete\n');
    const shorter = ['table', 'vacuum', ...at, '--retain', '0s'];
    expect(await callFailure(shorter)).toMatchObject({ code: 'delta.retention_too_short' });
    const [plan] = await callJson<{ files: number; paths: string[] }[]>([
      ...[...shorter, '--allow-shorter', '--dry-run'],
    ]);
    expect(plan).toMatchObject({ files: 2, dry_run: true, held: [], log_held_by: null });
    expect(await callFailure([...shorter, '--allow-shorter'])).toMatchObject({ code: 'cli.not_confirmed' });
    const no = await call([...shorter, '--allow-shorter'], { tty: true, input: 'no\n' });
    expect(no.code).toBe(1);
    expect(no.stderr).toContain('Delete 2 files');
    expect(readdirSync(join(foreign, 'p=odd'))).toHaveLength(3);
    expect(await callJson([...shorter, '--allow-shorter', '--yes'])).toMatchObject([{ files: 2 }]);
    expect(readdirSync(join(foreign, 'p=odd'))).toHaveLength(1);
    expect(await callFailure(['table', 'restore', ...at, '--version', '2', '--yes'])).toMatchObject({
      ...{ code: 'delta.files_vacuumed', fault: 'user' },
    });
    expect(await rows()).toEqual([1, 3]);
  });
});

describe('restore', () => {
  it('makes an older version the newest, by number or by time', async () => {
    await makeForeign([1, 2, 3]);
    expect(await callFailure(['table', 'restore', ...at, '--version', '1'])).toMatchObject({
      code: 'cli.not_confirmed',
    });
    expect(await callJson(['table', 'restore', ...at, '--version', '1', '--yes'])).toEqual({
      ...{ table: 'foreign', version: 4, restored_version: 1, files_restored: 0, files_removed: 2 },
    });
    expect(await rows()).toEqual([1]);
    const history = await callJson<{ version: number; timestamp: string }[]>(['table', 'history', ...at]);
    const then = history.find(({ version }) => version === 3)!.timestamp;
    expect(await rows('--timestamp', then)).toEqual([1, 2, 3]);
    expect(await callJson(['table', 'restore', ...at, '--timestamp', then, '--yes'])).toMatchObject({
      ...{ version: 5, restored_version: 3, files_restored: 2, files_removed: 0 },
    });
    expect(await rows()).toEqual([1, 2, 3]);
    for (const [args, code] of [
      [['--version', '5'], 'delta.restore_to_newest'],
      [['--version', '6'], 'delta.no_such_version'],
      [['--timestamp', 'noon'], 'lake.bad_timestamp'],
      [[], 'cli.usage'],
      [['--version', '1', '--timestamp', then], 'cli.usage'],
    ] as const)
      expect((await callFailure(['table', 'restore', ...at, ...args, '--yes'])).code).toBe(code);
  });

  it('is refused for what a stream writes or reads, also by its path', async () => {
    const refused = { code: 'operate.restore_feeds_pipeline', fault: 'user' };
    const version = ['--version', '0', '--yes'];
    expect(await callFailure(['table', 'restore', 'silver', ...version], here)).toMatchObject({
      ...refused,
      fix: expect.stringContaining('--rebuild-downstream'),
    });
    expect(await callFailure(['table', 'restore', 'progress', ...version], here)).toMatchObject(refused);
    const path = ['--path', join(lake, 'tables', 'gold')];
    expect(await callFailure(['table', 'restore', ...path, ...version], { cwd: dir })).toMatchObject(refused);
  });
});

describe('a run with --maintain', () => {
  it('optimizes and vacuums every table at the end', async () => {
    expect((await callFailure(['run', '--maintain'], here)).code).toBe('cli.usage');
    const summary = await callJson<{ maintained: { table: string; optimize: object; vacuum: object }[] }>(
      ['run', '--once', '--maintain'],
      here,
    );
    expect(summary.maintained.map(({ table }) => table)).toContain('application');
    expect(summary.maintained[0]).toMatchObject({
      optimize: { versions: expect.any(Array) },
      vacuum: { files: 0, held: [] },
    });
    expect(await callJson(['sql', 'select count(*)::int n from bronze'], here)).toEqual([{ n: 40 }]);
    const text = (await call(['run', '--once', '--maintain'], here)).stdout;
    expect(text).toContain('bronze: nothing to gain');
  });
});
