/** One lake, every command that looks at it: what people see, and the JSON that programs rely on (docs/json.md). */
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { murmurYaml } from '../../src/cli/murmur-yaml.js';
import { call, callFailure, callJson } from './call.js';

const dir = realpathSync(mkdtempSync(join(tmpdir(), 'murmur-commands-')));
const lake = join(dir, 'lake');
const here = { cwd: lake };
afterAll(() => rmSync(dir, { recursive: true, force: true }));

describe('init', () => {
  it('makes a lake and says what to do next', async () => {
    const { code, stdout } = await call(['init', 'lake', '--sample', '300'], { cwd: dir });
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /^lake is a lake now: murmur\.yaml, landing\/ with 300 made-up posts\.\n\nnext:\n/,
    );
    expect(stdout.split('next:\n')[1]!.trim().split('\n')).toHaveLength(3);
    expect(stdout).toContain('  cd lake\n  murmur run ');
    expect(readFileSync(join(lake, 'murmur.yaml'), 'utf8')).toBe(murmurYaml);
  });

  it('gives the same posts for the same seed', async () => {
    const landed = async (name: string, seed: string) => {
      await callJson(['init', name, '--sample', '20', '--seed', seed], { cwd: dir });
      const landing = join(dir, name, 'landing');
      const lines = readdirSync(landing).flatMap((file) =>
        readFileSync(join(landing, file), 'utf8').trim().split('\n'),
      );
      return lines.map((line) => JSON.parse(line).text as string);
    };
    const [first, same, other] = [await landed('a', '5'), await landed('b', '5'), await landed('c', '6')];
    expect(first).toHaveLength(20);
    expect(same).toEqual(first);
    expect(other).not.toEqual(first);
  });

  it('never touches a lake that is there', async () => {
    writeFileSync(join(dir, 'a', 'murmur.yaml'), '# mine\n');
    expect(await callFailure(['init', 'a'], { cwd: dir })).toMatchObject({
      code: 'cli.lake_exists',
      fault: 'user',
    });
    expect(readFileSync(join(dir, 'a', 'murmur.yaml'), 'utf8')).toBe('# mine\n');
  });
});

describe('before the first run', () => {
  it('sql, status, tables and waiting know that nothing is there yet', async () => {
    expect(await callJson(['sql', 'select count(*) n from gold'], here)).toEqual([{ n: 0 }]);
    expect(await callJson(['sql', 'from gold'], here)).toEqual([]);
    expect(await callJson(['table', 'ls'], here)).toEqual([]);
    expect(await callJson(['table', 'count', 'gold'], here)).toEqual({
      table: 'gold',
      rows: 0,
      version: null,
    });
    expect(await callJson<object>(['status'], here)).toMatchObject({
      running: false,
      streams: [{ name: 'bronze', batchId: null, tableVersion: null, rows: 0, updatedAt: null }, {}, {}, {}],
    });
    const wait = await callFailure(['wait', 'gold', '--timeout', '10ms'], here);
    expect(wait).toMatchObject({
      code: 'cli.timed_out',
      fault: 'external',
      fix: expect.stringContaining('murmur run'),
    });
  });

  it('source says what waits', async () => {
    expect(await callJson(['source', 'count'], here)).toMatchObject({ files: 2, records: 300 });
    const files = await callJson<{ path: string; state: string }[]>(['source', 'ls'], here);
    expect(files.map(({ state }) => state)).toEqual(['new', 'new']);
    const [first] = await callJson<Record<string, unknown>[]>(['source', 'head', '--limit', '1'], here);
    expect(first).toMatchObject({
      source_file: files[0]!.path,
      position: 1,
      raw: { user: {} },
      mapped: { op: 'create' },
    });
    expect((first!.mapped as { text: string }).text).toBe((first!.raw as { text: string }).text);
  });
});

describe('after a run', () => {
  beforeAll(async () => {
    const summary = await callJson<{ streams: Record<string, object>; seconds: number }>(
      ['run', '--once'],
      here,
    );
    expect(Object.keys(summary)).toEqual(['streams', 'seconds', 'mlflow']);
    expect(Object.keys(summary.streams)).toEqual(['bronze', 'silver', 'gold', 'application']);
    expect(summary.streams.bronze).toEqual({
      batches: 1,
      input_posts: 300,
      output_posts: 300,
      output_rows: 300,
      dropped_posts: 0,
      quarantined_posts: 0,
    });
  });

  it('table count is a contract', async () => {
    const text = (await call(['table', 'count', 'bronze', '--json'], here)).stdout;
    expect(text).toBe('{"table":"bronze","rows":300,"version":1}\n');
    expect((await call(['table', 'count', 'bronze'], here)).stdout).toBe('300 rows at version 1\n');
    expect(await callJson(['table', 'count', 'bronze', '--version', '0'], here)).toMatchObject({
      rows: 0,
      version: 0,
    });
  });

  it('sql gives an array of row objects', async () => {
    const { stdout } = await call(
      ['sql', `select 9007199254740993 big, timestamptz '2026-01-02 03:04:05+01' t, null n`, '--json'],
      here,
    );
    expect(stdout).toBe('[{"big":"9007199254740993","t":"2026-01-02T02:04:05Z","n":null}]\n');
    const rows = await callJson<unknown[]>(['sql', 'select post_id from bronze'], here);
    expect(rows).toHaveLength(300);
  });

  it('sql comes from an argument, a file, or stdin', async () => {
    writeFileSync(join(dir, 'q.sql'), 'select 42 answer');
    const answers = [
      await callJson(['sql', 'select 42 answer'], here),
      await callJson(['sql', '-f', '../q.sql'], here),
      await callJson(['sql'], { ...here, input: 'select 42 answer\n' }),
      await callJson(['sql', '-'], { ...here, input: 'select 42 answer;' }),
    ];
    expect(answers).toEqual(Array(4).fill([{ answer: 42 }]));
    expect((await callFailure(['sql'], { ...here, tty: true })).message).toBe('no SQL given');
  });

  it('sql shows aligned columns, CSV, or writes Parquet', async () => {
    const query = `select * from (values (1, '😩 x', null), (1000, 'y,z', 2.5)) v(n, t, d)`;
    expect((await call(['sql', query], here)).stdout).toBe(
      '   n  t        d\n   1  😩 x  null\n1000  y,z    2.5\n',
    );
    expect((await call(['sql', query, '--csv'], here)).stdout).toBe('n,t,d\n1,😩 x,\n1000,"y,z",2.5\n');
    expect((await call(['sql', 'from bronze', '--parquet', 'b.parquet'], here)).stdout).toBe(
      '300 rows in b.parquet\n',
    );
    const file = join(lake, 'b.parquet');
    expect(await callJson(['sql', 'from gold limit 7', '--parquet', 'b.parquet'], here)).toEqual({
      file,
      rows: 7,
    });
    expect(await callJson(['sql', `select count(*) n from '${file}'`], here)).toEqual([{ n: 7 }]);
    expect((await callFailure(['sql', 'from gold', '--csv'], here)).message).toContain('cannot be used with');
    const limited = await call(['sql', 'from bronze', '--limit', '3'], here);
    expect(limited.stdout.trim().split('\n')).toHaveLength(4);
    expect(limited.stderr).toContain('the first 3 rows');
  });

  it('tables are listed, described, and tell their history', async () => {
    const tables = await callJson<Record<string, unknown>[]>(['table', 'ls'], here);
    expect(tables.map(({ table }) => table)).toEqual(['bronze', 'silver', 'gold', 'application', 'progress']);
    expect(Object.keys(tables[0]!)).toEqual(['table', 'rows', 'version', 'files', 'bytes', 'updated_at']);
    expect(await callJson<object>(['table', 'describe', 'bronze'], here)).toMatchObject({
      table: 'bronze',
      rows: 300,
      files: 1,
      path: join(lake, 'tables', 'bronze'),
      protocol: { minReaderVersion: 1, minWriterVersion: 2 },
      partition_columns: [],
    });
    const history = await callJson<Record<string, unknown>[]>(['table', 'history', 'bronze'], here);
    expect(history.map(({ version }) => version)).toEqual([1, 0]);
    expect(Date.parse(history[0]!.timestamp as string)).toBeGreaterThan(0);
    expect(await callJson<unknown[]>(['table', 'head', 'gold', '--limit', '2'], here)).toHaveLength(2);
    expect((await callFailure(['table', 'head', 'glod'], here)).fix).toBe('did you mean gold?');
    expect((await callFailure(['table', 'count', 'gold', '--version', '99'], here)).fault).toBe('user');
  });

  it('the changes of a table are told, all as JSON and some for people', async () => {
    const rows = await callJson<Record<string, unknown>[]>(
      ['table', 'changes', 'bronze', '--from', '0'],
      here,
    );
    expect(rows).toHaveLength(300);
    expect(rows[0]).toMatchObject({ _change_type: 'insert', _commit_version: 1 });
    const some = await call(['table', 'changes', 'gold', '--from', '0', '--limit', '3'], here);
    const [head, ...lines] = some.stdout.trim().split('\n');
    expect(head).toMatch(/^_commit_version +_change_type +/);
    expect(lines.map((line) => line.trim().split(/ +/).slice(0, 2))).toEqual(Array(3).fill(['1', 'insert']));
    expect(some.stderr).toContain('the first 3 rows');
    const path = ['--path', join(lake, 'tables', 'bronze')];
    expect(
      await callJson(['table', 'changes', ...path, '--from', '1', '--limit', '2'], { cwd: dir }),
    ).toHaveLength(2);
    expect((await call(['table', 'changes', 'bronze', '--from', '0', '--to', '0'], here)).stdout).toBe(
      'no row has changed\n',
    );
    expect((await callFailure(['table', 'changes', 'bronze', '--from', '9'], here)).code).toBe(
      'delta.no_such_version',
    );
    expect((await callFailure(['table', 'changes', 'bronze'], here)).message).toContain('--from');
  });

  it('a table is exported once, and any Delta table by its path', async () => {
    const to = join(dir, 'out.parquet');
    const exported = await callJson(
      ['table', 'export', '--path', join(lake, 'tables', 'bronze'), '--to', to],
      { cwd: dir },
    );
    expect(exported).toMatchObject({
      table: 'bronze',
      rows: 300,
      version: 1,
      file: to,
      bytes: expect.any(Number),
    });
    const again = await callFailure(['table', 'export', 'bronze', '--to', to], here);
    expect(again).toMatchObject({ code: 'cli.file_exists' });
    await callJson(['table', 'export', 'bronze', '--to', to, '--force', '--version', '0'], here);
    expect(await callJson(['sql', `select count(*) n from '${to}'`], here)).toEqual([{ n: 0 }]);
  });

  it('source says how far each file was read', async () => {
    const files = await callJson<{ state: string }[]>(['source', 'ls'], here);
    expect(files.map(({ state }) => state)).toEqual(['read', 'read']);
    const [name] = readdirSync(join(lake, 'landing'));
    expect(await callJson(['source', 'explain', `landing/${name}`], here)).toMatchObject({
      path: name,
      state: 'read',
    });
    expect(await callJson(['source', 'explain', name!], here)).toMatchObject({ path: name, state: 'read' });
    expect((await call(['source', 'explain', 'nothing.csv'], here)).stdout).toContain(
      'there is no such file',
    );
  });

  it('a post is traced from its line to the mentions that it counts in', async () => {
    const [{ id, file } = { id: '', file: '' }] = await callJson<{ id: string; file: string }[]>(
      [
        'sql',
        'select post_id id, source_file file from bronze join gold using (post_id) where mention is not null limit 1',
      ],
      here,
    );
    const trace = await callJson<Record<string, Record<string, unknown>[]>>(['trace', id], here);
    expect(Object.keys(trace)).toEqual([
      'post_id',
      'source',
      'bronze',
      'silver',
      'gold',
      'application',
      'quarantine',
      'models',
    ]);
    const { line, text } = trace.source![0]! as { line: number; text: string };
    expect(readFileSync(join(lake, 'landing', file), 'utf8').split('\n')[line - 1]).toBe(text);
    expect(JSON.parse(text).id_str).toBe(id);
    expect(trace.application!.map(({ mention }) => mention).sort()).toEqual(
      trace.gold!.map(({ mention }) => mention).sort(),
    );
    expect(trace.models).toEqual(['lexicon/1']);
    const { stdout } = await call(['trace', id], here);
    for (const part of ['source', 'bronze', 'silver', 'gold', 'application'])
      expect(stdout).toContain(`${part}\n  `);
    expect(await callFailure(['trace', 'nobody'], here)).toMatchObject({
      code: 'operate.no_such_post',
      fault: 'user',
    });
  });

  it('config shows what holds and where it comes from', async () => {
    const env = { MURMUR_PAGE_TOKEN: 'secret' };
    const { stdout } = await call(['config', 'show'], { ...here, env });
    expect(stdout).toMatch(/^landing: +landing\/$/m);
    expect(stdout).toMatch(/^model: +lexicon {2}# MURMUR_MODEL$/m);
    expect(stdout).toMatch(/^page\.token: +\(hidden\) {2}# MURMUR_PAGE_TOKEN$/m);
    expect(stdout).not.toContain('secret');
    expect(await callJson(['config', 'check'], here)).toMatchObject({ ok: true, settings: 1 });
    expect(JSON.parse((await call(['config', 'schema'], here)).stdout)).toMatchObject({
      title: 'murmur.yaml',
    });
  });

  it('doctor finds a lake well', async () => {
    const results = await callJson<{ check: string; ok: boolean; detail: string; fix: string | null }[]>(
      ['doctor'],
      here,
    );
    expect(results.filter(({ ok }) => !ok)).toEqual([]);
    expect(results.map(({ check }) => check)).toEqual(
      expect.arrayContaining([
        'node',
        'duckdb',
        'model',
        'config',
        'landing',
        'table gold',
        'checkpoint gold',
        'run',
        'disk',
        'port',
      ]),
    );
  });

  it('reset asks, keeps what has landed, and begins anew', async () => {
    expect(await callFailure(['reset'], here)).toMatchObject({ code: 'cli.not_confirmed', fix: 'add --yes' });
    const refused = await call(['reset'], { ...here, tty: true, input: 'n\n' });
    expect(refused.code).toBe(1);
    expect(existsSync(join(lake, 'tables', 'bronze'))).toBe(true);
    expect((await call(['reset'], { ...here, tty: true, input: 'yes\n' })).code).toBe(0);
    expect(readdirSync(lake).sort()).toEqual(['b.parquet', 'landing', 'mlruns', 'murmur.yaml', 'run']);
    expect(await callJson(['sql', 'select count(*) n from bronze'], here)).toEqual([{ n: 0 }]);
    const { streams } = await callJson<{ streams: Record<string, object> }>(['run', '--once'], here);
    expect(streams.gold).toMatchObject({ input_posts: 300 });
    expect(await callJson<object>(['reset', '--yes'], here)).toMatchObject({
      deleted: [join(lake, 'tables'), join(lake, 'checkpoints')],
    });
    expect((await call(['reset', '--yes'], here)).stdout).toBe('there was nothing to delete\n');
  });
});

describe('model', () => {
  it('scores a text or every line, one line of JSON each', async () => {
    const one = await call(['model', 'score', 'I love this, great', '--model', 'lexicon', '--json']);
    expect(JSON.parse(one.stdout)).toEqual({
      text: 'I love this, great',
      sentiment: 'positive',
      score: expect.any(Number),
      probabilities: {
        negative: expect.any(Number),
        neutral: expect.any(Number),
        positive: expect.any(Number),
      },
    });
    const input = Array.from({ length: 1200 }, (_, i) => (i % 3 === 0 ? 'awful' : `great ${i}`)).join('\n');
    const { stdout } = await call(['model', 'score', '--model', 'lexicon', '--json'], { input });
    const lines = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines.map(({ text }) => text).join('\n')).toBe(input);
    expect(lines.slice(0, 2).map(({ sentiment }) => sentiment)).toEqual(['negative', 'positive']);
    const seen = await call(['model', 'score', 'great', '--model', 'lexicon'], { tty: true });
    expect(seen.stdout).toMatch(/^positive +\d+\.\d % {2}great\n$/);
  });

  it('is the bundled one outside of a lake, and is shown', async () => {
    const shown = await callJson<Record<string, unknown>>(['model', 'show'], { cwd: dir });
    expect(shown).toMatchObject({
      id: expect.stringContaining('/'),
      labels: ['negative', 'neutral', 'positive'],
    });
    expect((await callFailure(['model', 'show', '--model', './nowhere'], { cwd: dir })).code).toBe(
      'scoring.bundle_missing',
    );
    expect((await callFailure(['model', 'verify', '--model', 'lexicon'], { cwd: dir })).code).toBe(
      'cli.usage',
    );
  });
});
