/** Trace, doctor and reset on a lake where something went wrong. */
import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type OpenLake, openLake } from '../../src/index.js';
import { checkLake, checkMachine } from '../../src/operate/doctor.js';
import { reset } from '../../src/operate/reset.js';
import { trace } from '../../src/operate/trace.js';

const dir = realpathSync(mkdtempSync(join(tmpdir(), 'murmur-care-')));
let lake: OpenLake;

beforeAll(async () => {
  mkdirSync(join(dir, 'landing'));
  const lines = [
    JSON.stringify({
      id_str: '9007199254740993',
      text: 'hello @Ann and @bob',
      user: 'eve',
      date: '2026-01-01',
    }),
    '{"id": 77, "text": "a number for an id @ann", "user": "eve"}',
    '',
    '{"text": "no id at all", "user": "eve"}',
    '{"id_str": "textless", "user": "eve"}',
    '{"id_str": "cut", "text": "half',
  ];
  writeFileSync(join(dir, 'landing', 'posts.ndjson'), `${lines.join('\n')}\n`);
  writeFileSync(
    join(dir, 'landing', 'zipped.ndjson.gz'),
    gzipSync('{"id_str":"z","text":"zipped @ann","user":"zoe"}\n'),
  );
  lake = await openLake({ dir, spec: { model: 'lexicon' } });
  await lake.run({ until: 'idle' }).done;
});
afterAll(async () => {
  await lake.close();
  rmSync(dir, { recursive: true, force: true });
});

describe('trace', () => {
  it('follows a post through every layer', async () => {
    const found = await trace(lake.lake, '9007199254740993');
    expect(found.source).toEqual([{ file: 'posts.ndjson', line: 1, text: expect.stringContaining('@Ann') }]);
    expect(found.bronze).toHaveLength(1);
    expect(found.silver.map(({ mention }) => mention)).toEqual(['ann', 'bob']);
    expect(found.gold.map(({ mention }) => mention)).toEqual(['ann', 'bob']);
    expect(found.application).toMatchObject([{ mention: 'ann' }, { mention: 'bob' }]);
    expect(found.models).toEqual(['lexicon/1']);
  });

  it('finds lines by ids that are numbers, by place, and in gzipped files', async () => {
    const [{ post_id } = { post_id: '' }] = (
      await lake.sql(`select post_id from bronze where text = 'no id at all'`)
    ).rows;
    const lineOf = async (id: string) => (await trace(lake.lake, id)).source[0];
    expect(await lineOf('77')).toMatchObject({ file: 'posts.ndjson', line: 2 });
    expect(await lineOf(post_id as string)).toMatchObject({
      line: 4,
      text: expect.stringContaining('no id at all'),
    });
    expect(await lineOf('z')).toMatchObject({ file: 'zipped.ndjson.gz', line: 1 });
  });

  it('the row of posts without a mention is theirs too', async () => {
    const [{ post_id } = { post_id: '' }] = (
      await lake.sql(`select post_id from bronze where text = 'no id at all'`)
    ).rows;
    expect((await trace(lake.lake, post_id as string)).application).toMatchObject([{ mention: null }]);
  });

  it('tells which rule took a post out', async () => {
    const found = await trace(lake.lake, 'textless');
    expect(found.bronze).toEqual([]);
    expect(found.quarantine).toMatchObject([{ rule: 'has text', position: 5, source_file: 'posts.ndjson' }]);
  });

  it('knows that there is no such post', async () => {
    await expect(trace(lake.lake, "' or true --")).rejects.toMatchObject({
      code: 'operate.no_such_post',
      fault: 'user',
    });
  });
});

describe('doctor', () => {
  /** Of a lake that was opened just now, as the command does. */
  async function faults() {
    const fresh = await openLake({ dir, spec: { model: 'lexicon' } });
    const results = await checkLake(fresh).finally(() => fresh.close());
    return results.filter(({ ok }) => !ok).map(({ check, detail, fix }) => ({ check, detail, fix }));
  }

  it('finds nothing wrong with a sound lake', async () => {
    expect(await faults()).toEqual([]);
    const machine = await checkMachine({ node: process.versions.node, model: async () => 'lexicon' });
    expect(machine.map(({ check, ok }) => [check, ok])).toEqual([
      ['node', true],
      ['duckdb', true],
      ['model', true],
    ]);
  });

  it('finds a model that is not there', async () => {
    const machine = await checkMachine({ node: '20.19.0', model: async () => join(dir, 'no-model') });
    expect(machine[2]).toMatchObject({ check: 'model', ok: false, fix: expect.any(String) });
  });

  it('finds a data file that is gone', async () => {
    const silver = join(dir, 'tables', 'silver');
    const file = readdirSync(silver).find((name) => name.endsWith('.parquet'))!;
    renameSync(join(silver, file), join(dir, 'aside'));
    expect(await faults()).toEqual([
      {
        check: 'table silver',
        detail: `1 of its data files missing or cut: ${file}`,
        fix: expect.stringContaining('backup'),
      },
    ]);
    renameSync(join(dir, 'aside'), join(silver, file));
  });

  it('finds a log that cannot be read', async () => {
    const log = join(dir, 'tables', 'progress', '_delta_log');
    renameSync(join(log, '00000000000000000000.json'), join(dir, 'aside'));
    expect(await faults()).toMatchObject([{ check: 'table progress', fix: expect.any(String) }]);
    renameSync(join(dir, 'aside'), join(log, '00000000000000000000.json'));
  });

  it('finds a checkpoint that is gone, or belongs to another table', async () => {
    const checkpoints = join(dir, 'checkpoints');
    renameSync(join(checkpoints, 'gold'), join(dir, 'aside'));
    expect(await faults()).toMatchObject([
      { check: 'checkpoint gold', detail: 'the table is there, its checkpoint is not' },
    ]);
    renameSync(join(dir, 'aside'), join(checkpoints, 'gold'));
    const id = join(checkpoints, 'gold', 'id');
    const { readFileSync } = await import('node:fs');
    const written = readFileSync(id, 'utf8');
    const { queryId } = JSON.parse(written);
    rmSync(id);
    writeFileSync(id, written.replace(queryId, '00000000-0000-4000-8000-000000000000'));
    expect(await faults()).toMatchObject([
      { check: 'checkpoint gold', fix: expect.stringContaining('murmur doctor --fix') },
    ]);
    rmSync(id);
    writeFileSync(id, written);
    expect(await faults()).toEqual([]);
  });

  it('finds a landing place that is gone', async () => {
    renameSync(join(dir, 'landing'), join(dir, 'aside'));
    expect(await faults()).toMatchObject([{ check: 'landing', fix: expect.stringContaining('landing') }]);
    renameSync(join(dir, 'aside'), join(dir, 'landing'));
  });
});

describe('reset', () => {
  it('does not delete what is not ours', async () => {
    writeFileSync(join(dir, 'tables', 'thesis.docx'), 'years of work');
    await expect(reset(lake.lake)).rejects.toMatchObject({ code: 'operate.foreign_files', fault: 'user' });
    expect(readdirSync(join(dir, 'tables'))).toContain('gold');
    rmSync(join(dir, 'tables', 'thesis.docx'));
  });

  it('is followed by a run that reads everything again', async () => {
    await reset(lake.lake);
    expect(readdirSync(dir).sort()).toEqual(['landing', 'mlruns', 'run']);
    appendFileSync(
      join(dir, 'landing', 'posts.ndjson'),
      '{"id_str":"new","text":"one more @ann","user":"eve"}\n',
    );
    const { streams } = await lake.run({ until: 'idle' }).done;
    expect(streams.bronze).toMatchObject({ input_posts: 7, output_posts: 5, quarantined_posts: 2 });
  });
});
