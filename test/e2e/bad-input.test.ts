/** Bad input is a clear error or a quarantined row; nothing is lost and nothing else is stopped by it. */
import {
  appendFileSync,
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import { call, callJson } from '../cli/call.js';
import { killGroup, murmur, sqlRows, start, temporaryFolder } from './murmur.js';

const folder = temporaryFolder();
afterAll(folder.remove);
let lakes = 0;

async function lakeWith(files: Record<string, string | Buffer>): Promise<string> {
  const lake = join(folder.dir, `lake-${lakes++}`);
  expect((await call(['init', lake])).code).toBe(0);
  for (const [name, content] of Object.entries(files)) writeFileSync(join(lake, 'landing', name), content);
  return lake;
}

const post = (n: number, text = `fine post ${n} @ann`) =>
  JSON.stringify({ id_str: `p${n}`, user: 'bob', text, date: '2026-01-01' });
const lines = (...all: (string | Buffer)[]) =>
  Buffer.concat(all.flatMap((line) => [Buffer.from(line as string), Buffer.from('\n')]));

interface Quarantined {
  rule: string;
  reason: string;
  source_file: string;
  position: number;
}

const quarantined = (lake: string) =>
  sqlRows<Quarantined>(
    lake,
    'select rule, reason, source_file, position from quarantine order by source_file, position',
  );

const bronzeIds = async (lake: string) =>
  (await sqlRows<{ post_id: string }>(lake, 'select post_id from bronze order by post_id')).map(
    (row) => row.post_id,
  );

async function runOnce(lake: string): Promise<Record<string, Record<string, number>>> {
  return (await callJson<{ streams: Record<string, Record<string, number>> }>(['-C', lake, 'run', '--once']))
    .streams;
}

describe('bad lines go to quarantine with file, line and reason', () => {
  it('in one file with good ones', async () => {
    const lake = await lakeWith({
      'mixed.ndjson': lines(
        post(1),
        '{"id_str": "cut", "text": "half a li',
        '',
        post(2),
        Buffer.concat([
          Buffer.from('{"id_str":"bytes","text":"'),
          Buffer.from([0xff, 0xfe, 0x80]),
          Buffer.from('"}'),
        ]),
        '{"id_str":"surrogate","text":"lone \\ud83d here"}',
        Buffer.concat([Buffer.from('{"id_str":"nul","text":"a'), Buffer.from([0]), Buffer.from('b"}')]),
        '[1, 2, 3]',
        '"just a string"',
        `{"id_str":"long","text":"${'x'.repeat(5 * 1024 * 1024)}"}`,
        '{"id_str":"no-text","user":"bob"}',
        post(3),
      ),
    });
    const { bronze } = await runOnce(lake);
    expect(await bronzeIds(lake)).toEqual(['p1', 'p2', 'p3']);
    expect((await quarantined(lake)).map((row) => [row.position, row.rule])).toEqual([
      [2, 'bad_line'],
      [5, 'bad_line'],
      [6, 'bad_line'],
      [7, 'bad_line'],
      [8, 'bad_line'],
      [9, 'bad_line'],
      [10, 'line_too_long'],
      [11, 'has text'],
    ]);
    for (const row of await quarantined(lake)) {
      expect(row.source_file).toBe('mixed.ndjson');
      expect(row.reason).not.toBe('');
    }
    expect(bronze).toMatchObject({
      input_posts: 11,
      output_posts: 3,
      dropped_posts: 0,
      quarantined_posts: 8,
    });
  });

  it('a truncated gzip gives what came out of it, and says so', async () => {
    const whole = gzipSync(
      lines(...Array.from({ length: 2000 }, (_, i) => post(i, `post ${i} ${Math.sin(i)}`))),
    );
    const lake = await lakeWith({
      'cut.ndjson.gz': whole.subarray(0, whole.length - 2000),
      'good.ndjson': lines(post(9999)),
    });
    const { bronze } = await runOnce(lake);
    expect(await bronzeIds(lake)).toContain('p9999');
    expect(await bronzeIds(lake)).toContain('p0');
    expect((await quarantined(lake)).map((row) => row.rule)).toContain('unreadable');
    expect(bronze!.input_posts).toBe(bronze!.output_posts! + bronze!.quarantined_posts!);
  });

  it('wrong types are kept in _rescued_data', async () => {
    const lake = await lakeWith({
      'types.ndjson': lines('{"id_str":"a","text":"hi there","user":{"x":1},"lang":7,"colour":"red"}'),
    });
    await runOnce(lake);
    const [row] = await sqlRows<{ _rescued_data: string }>(lake, 'select _rescued_data from bronze');
    expect(JSON.parse(row!._rescued_data)).toMatchObject({ colour: 'red' });
  });
});

describe('files that are not what they seem', () => {
  it('an empty file and an unreadable one do not hold up the rest', async () => {
    const lake = await lakeWith({ 'empty.ndjson': '', 'good.ndjson': lines(post(1)) });
    symlinkSync('nowhere.ndjson', join(lake, 'landing', 'dangling.ndjson'));
    mkdirSync(join(lake, 'landing', 'folder.ndjson'));
    await runOnce(lake);
    expect(await bronzeIds(lake)).toEqual(['p1']);
  });

  it('a file without a text column stops with the columns seen and the line to add', async () => {
    const lake = await lakeWith({ 'strange.csv': 'id,tweet_body,who\n1,hello there,bob\n2,bye now,eve\n' });
    const { code, stderr } = await call(['-C', lake, 'run', '--once']);
    expect(code).toBe(1);
    expect(stderr).toContain('tweet_body');
    expect(stderr).toContain('columns:');
    appendFileSync(join(lake, 'murmur.yaml'), '\ncolumns: { text: tweet_body, user: who }\n');
    await runOnce(lake);
    expect(await sqlRows(lake, 'select text, "user" from bronze order by text')).toEqual([
      { text: 'bye now', user: 'eve' },
      { text: 'hello there', user: 'bob' },
    ]);
  });

  it('a half-copied file is read on when the rest has come', async () => {
    const lake = await lakeWith({ 'growing.ndjson': lines(post(1), post(2)) });
    await runOnce(lake);
    appendFileSync(join(lake, 'landing', 'growing.ndjson'), lines(post(3)));
    await runOnce(lake);
    expect(await bronzeIds(lake)).toEqual(['p1', 'p2', 'p3']);
  });

  it('a seen file that was rewritten is reported', async () => {
    const lake = await lakeWith({ 'posts.ndjson': lines(post(1), post(2)) });
    await runOnce(lake);
    writeFileSync(join(lake, 'landing', 'posts.ndjson'), lines(post(7)));
    await runOnce(lake);
    expect(await bronzeIds(lake)).toEqual(['p1', 'p2']);
    expect(JSON.stringify(await callJson(['-C', lake, 'source', 'ls']))).toContain('changed');
  });
});

describe('a lake that is not as it was left', () => {
  it('landing is missing', async () => {
    const lake = await lakeWith({});
    rmSync(join(lake, 'landing'), { recursive: true });
    const { code, stderr } = await call(['-C', lake, 'run', '--once']);
    expect(code).toBe(1);
    expect(stderr).toContain('landing');
    expect(stderr).toContain('fix:');
  });

  it('a checkpoint is corrupt or missing', async () => {
    const lake = await lakeWith({ 'posts.ndjson': lines(post(1)) });
    await runOnce(lake);
    const checkpoint = join(lake, 'checkpoints', 'bronze');
    const kept = join(folder.dir, 'kept-checkpoint');
    cpSync(checkpoint, kept, { recursive: true });

    const offsets = join(checkpoint, 'offsets');
    const last = readdirSync(offsets)
      .filter((name) => /^\d+$/.test(name))
      .sort((a, b) => Number(a) - Number(b))
      .at(-1)!;
    writeFileSync(join(offsets, last), '{"format":');
    const corrupt = await call(['-C', lake, 'run', '--once', '--json']);
    expect(corrupt.code).toBe(2);
    expect(corrupt.stderr).toContain('engine.checkpoint_corrupt');
    expect(corrupt.stderr).toContain(`offsets/${last}`);

    rmSync(checkpoint, { recursive: true });
    const missing = await call(['-C', lake, 'run', '--once', '--json']);
    expect(missing.code).not.toBe(0);
    expect(missing.stderr).toContain('engine.checkpoint_missing');

    renameSync(kept, checkpoint);
    await runOnce(lake);
    expect(await bronzeIds(lake)).toEqual(['p1']);
  });

  it('the model is missing or was altered', async () => {
    const lake = await lakeWith({ 'posts.ndjson': lines(post(1)) });
    appendFileSync(join(lake, 'murmur.yaml'), '\nmodel: ./my-model\n');
    const missing = await murmur(['-C', lake, 'run', '--once', '--json']);
    expect(missing.code).not.toBe(0);
    expect(missing.stderr).toContain('scoring.bundle_missing');

    cpSync(new URL('../../models/bundled', import.meta.url), join(lake, 'my-model'), { recursive: true });
    const tokenizer = join(lake, 'my-model', 'tokenizer.json');
    writeFileSync(tokenizer, readFileSync(tokenizer, 'utf8').replace('"unk_token"', '"unk_taken"'));
    const altered = await murmur(['-C', lake, 'run', '--once', '--json']);
    expect(altered.code).not.toBe(0);
    expect(altered.stderr).toContain('scoring.bundle_altered');
    expect(await sqlRows(lake, 'select count(*) n from gold')).toEqual([{ n: 0 }]);
  });
});

describe('two at once', () => {
  it('a second run on a lake is refused and the first goes on', async () => {
    const lake = await lakeWith({ 'posts.ndjson': lines(post(1)) });
    const first = start(['-C', lake, 'run']);
    try {
      await murmur(['-C', lake, 'wait', 'gold', '--version', '1', '--timeout', '60s']);
      const second = await murmur(['-C', lake, 'run', '--once', '--json']);
      expect(second.code).toBe(1);
      expect(second.stderr).toContain('lake.already_running');
      expect(first.exitCode).toBe(null);
    } finally {
      await killGroup(first);
    }
  });

  it('a taken port gives the next free one', async () => {
    const lake = await lakeWith({});
    const blocker = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => blocker.on('listening', resolve));
    const { port } = blocker.address() as { port: number };
    appendFileSync(join(lake, 'murmur.yaml'), `\npage: { port: ${port} }\n`);
    const run = start(['-C', lake, 'run']);
    try {
      let printed = '';
      await new Promise<void>((resolve, reject) => {
        const read = (text: Buffer) => {
          printed += text;
          if (/http:\/\/(127\.0\.0\.1|localhost):\d+/.test(printed)) resolve();
        };
        run.stdout!.on('data', read);
        run.stderr!.on('data', read);
        run.on('exit', () => reject(new Error(`run ended: ${printed}`)));
      });
      expect(printed).not.toMatch(new RegExp(`http://(127\\.0\\.0\\.1|localhost):${port}\\b`));
    } finally {
      await killGroup(run);
      blocker.close();
    }
  });
});
