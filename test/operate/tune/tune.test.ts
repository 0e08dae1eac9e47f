/** Tuning of a lake that was badly set: what its own runs left behind tells it, and what is proposed mends it. */
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openLake } from '../../../src/index.js';
import { type Tuning, tune } from '../../../src/operate/tune/tune.js';
import { call, callJson } from '../../cli/call.js';

let dir: string;
beforeEach(() => {
  dir = realpathSync(mkdtempSync(join(tmpdir(), 'murmur-tune-')));
  mkdirSync(join(dir, 'landing'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const config = () => join(dir, 'murmur.yaml');

/** As it was some time ago, before the runs. */
function configure(text: string) {
  writeFileSync(config(), text);
  const before = new Date(Date.now() - 60_000);
  utimesSync(config(), before, before);
}

function land(posts: number, text: (id: number) => string = (id) => `great day @ann ${id}`) {
  const lines = Array.from({ length: posts }, (_, id) =>
    JSON.stringify({ id_str: `${id}`, text: text(id), user: 'eve', date: '2026-01-01' }),
  );
  writeFileSync(join(dir, 'landing', 'posts.ndjson'), `${lines.join('\n')}\n`);
}

async function withLake<T>(work: (lake: Awaited<ReturnType<typeof openLake>>) => Promise<T>): Promise<T> {
  const lake = await openLake(dir);
  return work(lake).finally(() => lake.close());
}

const found = ({ findings }: Tuning) => findings.map(({ problem, where }) => `${problem} ${where}`);

it('a lake of tiny batches, tiny files and idle cores: found with its numbers, mended, and then well', async () => {
  configure(`# mine
mlflow: off
streams:
  bronze: { max_posts: 10 } # careful
  gold: { threads: 1, cache: false }
maintain: { effort: 0 }
`);
  land(1_050, (id) => `${'what a great day '.repeat(10)} @ann ${id % 400}`);
  await withLake((lake) => lake.run({ until: 'idle' }).done);

  const tuning = await withLake((lake) => tune(lake, { cores: 2 }));
  expect(found(tuning).sort()).toEqual([
    'backlog bronze',
    'backlog gold',
    'serialization gold',
    'storage bronze',
  ]);
  const storage = tuning.findings.find(({ problem }) => problem === 'storage')!;
  expect(storage.seen[0]).toMatchObject({ what: 'small files', value: 105, limit: 100 });
  const repeated = tuning.findings.find(({ problem }) => problem === 'serialization')!;
  expect(repeated.seen[0]!.value).toBeCloseTo(1 - 400 / 1_050);
  expect(tuning.unseen).toEqual([{ signal: 'spill', why: expect.any(String) }]);

  const applied = await withLake((lake) => tune(lake, { cores: 2, apply: true }));
  expect(applied.advised).toEqual([]);
  expect(readFileSync(config(), 'utf8')).toBe(`# mine
mlflow: off
streams:
  bronze: { max_posts: 5000 } # careful
  gold: { threads: auto, cache: true }
maintain: { effort: 10% }
`);
  await withLake(async (lake) => {
    expect((await lake.table('bronze').summary()).files).toBe(1);
    expect((await tune(lake, { cores: 2 })).findings).toEqual([]);
    expect(lake.spec.maintain.effort).toBe(0.1);
  });
}, 120_000);

it('a lake that nobody set anything of has nothing to tune', async () => {
  configure('model: lexicon\nmlflow: off\n');
  land(2_000);
  await withLake((lake) => lake.run({ until: 'idle' }).done);
  expect(await withLake((lake) => tune(lake, { cores: 64, apply: true }))).toMatchObject({
    findings: [],
    applied: [],
  });
  expect(readFileSync(config(), 'utf8')).toBe('model: lexicon\nmlflow: off\n');
  expect(await call(['-C', dir, 'tune'])).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^all is well: nothing to tune\nnot seen: spill /),
  });
}, 60_000);

it('what ran under other settings is not held against these', async () => {
  configure('model: lexicon\nmlflow: off\nstreams: { bronze: { max_posts: 10 } }\n');
  land(120);
  await withLake((lake) => lake.run({ until: 'idle' }).done);
  const before = await withLake((lake) => tune(lake, { cores: 2 }));
  expect(found(before)).toEqual(['backlog bronze']);
  const soon = new Date(Date.now() + 60_000);
  utimesSync(config(), soon, soon);
  const after = await withLake((lake) => tune(lake, { cores: 2 }));
  expect(after.findings).toEqual([]);
  expect(after.unseen.map(({ signal }) => signal)).toContain('batches');
}, 60_000);

it('the command tells findings with numbers and settings; what the environment sets it cannot', async () => {
  configure('model: lexicon\nmlflow: off\n');
  land(120);
  const env = { MURMUR_STREAMS_BRONZE_MAX_POSTS: '10' };
  expect(await call(['-C', dir, 'run', '--once'], { env })).toMatchObject({ code: 0 });
  expect(await callJson(['-C', dir, 'tune'], { env })).toMatchObject({
    findings: [
      {
        problem: 'backlog',
        where: 'bronze',
        fixes: [{ kind: 'setting', setting: 'streams.bronze.max_posts', from: 10, to: 5_000 }],
      },
    ],
    applied: [],
    advised: [{ why: 'MURMUR_STREAMS_BRONZE_MAX_POSTS goes before murmur.yaml' }],
  });
  const { stdout } = await call(['-C', dir, 'tune', '--apply'], { env });
  expect(stdout).toContain('backlog in bronze');
  expect(stdout).toContain(
    'streams.bronze.max_posts: 10 → 5000  (MURMUR_STREAMS_BRONZE_MAX_POSTS goes before',
  );
  expect(readFileSync(config(), 'utf8')).toBe('model: lexicon\nmlflow: off\n');
}, 60_000);
