/** Files that are still written, were changed after they were read, or are gone. */
import {
  appendFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { brief, LandingFixture, lines, noLimits } from './landing.js';

let landing: LandingFixture;
beforeEach(async () => {
  landing = await LandingFixture.open();
});
afterEach(() => landing.close());

const post = (n: number) => JSON.stringify({ text: `t${n}` });
const write = (name: string, content: string | Uint8Array) => writeFileSync(landing.path(name), content);
const append = (name: string, content: string) => appendFileSync(landing.path(name), content);
const drained = async () => brief(await landing.drain());
const changed = () => landing.source.state().changedFiles;

describe('growing NDJSON', () => {
  it('is read to its last line end at once, and on from there', async () => {
    write('a.ndjson', `${post(1)}\n\n${post(2)}\n{"text":"t`);
    expect(await drained()).toEqual(['a.ndjson:1 t1', 'a.ndjson:3 t2']);
    expect(landing.source.state().backlogFiles).toBe(1);
    append('a.ndjson', `3"}\n${post(4)}`);
    expect(await drained()).toEqual(['a.ndjson:4 t3', 'a.ndjson:5 t4']);
    append('a.ndjson', `\n${post(5)}\n`);
    expect(await drained()).toEqual(['a.ndjson:6 t5']);
    expect(landing.source.state()).toEqual({ backlogFiles: 0, backlogBytes: 0, changedFiles: [] });
  });

  it('takes an unfinished last line for a bad one after a second, and reads it when it is finished after all', async () => {
    write('a.ndjson', `${post(1)}\n{"text":"t`);
    expect(await drained()).toEqual(['a.ndjson:1 t1']);
    landing.clock.settle();
    expect(await drained()).toEqual(['a.ndjson:2 !bad_line']);
    expect(await drained()).toEqual([]);
    append('a.ndjson', `2"}\n${post(3)}\n`);
    expect(await drained()).toEqual(['a.ndjson:2 t2', 'a.ndjson:3 t3']);
  });

  it('says when text was added to a line that was read as whole', async () => {
    write('a.ndjson', post(1));
    expect(await drained()).toEqual(['a.ndjson:1 t1']);
    append('a.ndjson', ` and more\n${post(2)}\n`);
    expect(await drained()).toEqual(['a.ndjson:1 !bad_line', 'a.ndjson:2 t2']);
  });

  it('is read on after a restart between plan and log, and after one behind it', async () => {
    write('a.ndjson', lines(post(1), post(2), post(3)));
    const planned = await landing.source.plan({ ...noLimits, posts: 2 });
    await landing.reopen();
    expect(await landing.source.plan({ ...noLimits, posts: 2 })).toEqual(planned);
    expect(brief((await landing.batch({ posts: 2 }))!)).toEqual(['a.ndjson:1 t1', 'a.ndjson:2 t2']);
    await landing.reopen();
    append('a.ndjson', lines(post(4)));
    expect(await drained()).toEqual(['a.ndjson:3 t3', 'a.ndjson:4 t4']);
  });

  it('waits for nothing but text: empty and blank files are no backlog', async () => {
    write('a.ndjson', '');
    write('b.ndjson', '\n  \n');
    expect(await drained()).toEqual([]);
    expect(landing.source.state().backlogFiles).toBe(0);
    append('b.ndjson', lines(post(1)));
    append('a.ndjson', lines(post(2)));
    expect((await drained()).sort()).toEqual(['a.ndjson:1 t2', 'b.ndjson:3 t1']);
  });
});

describe('everything else', () => {
  const forms: Record<string, [string | Uint8Array, string | Uint8Array]> = {
    'a.json': [`[${post(1)},`, `[${post(1)},\n${post(2)}]`],
    'a.csv': ['text\nt1\nt', 'text\nt1\nt2\n'],
    'a.ndjson.gz': [gzipSync(lines(post(1), post(2))).subarray(0, 20), gzipSync(lines(post(1), post(2)))],
    'half.json': ['{"text":"t1",\n "id', `${post(1)}\n${post(2)}\n`],
  };
  for (const [name, [half, whole]] of Object.entries(forms))
    it(`waits until it has stood still: ${name}`, async () => {
      write(name, half);
      expect(await drained()).toEqual([]);
      await landing.clock.sleep(500);
      expect(await drained()).toEqual([]);
      expect(landing.source.state().backlogFiles).toBe(1);
      expect(await landing.source.explain(name)).toMatchObject({ state: 'new' });
      write(name, whole);
      landing.clock.settle();
      expect(await drained()).toEqual([`${name}:1 t1`, `${name}:2 t2`]);
    });

  it('stands still by our clock where the time of the file lies in the future', async () => {
    landing.land('a.csv', 'text\nt1\n', new Date(Date.now() + 3_600_000));
    expect(await drained()).toEqual([]);
    landing.clock.settle();
    expect(await drained()).toEqual(['a.csv:1 t1']);
  });

  it('is read on when a copy that stalled goes on', async () => {
    const whole = gzipSync(
      lines(...Array.from({ length: 500 }, (_, i) => ({ text: `t${i}`, x: Math.sin(i) }))),
    );
    landing.land('a.ndjson.gz', whole.subarray(0, whole.length - 900));
    const first = await landing.drain();
    expect(first.at(-1)).toMatchObject({ fault: { rule: 'unreadable' } });
    landing.land('a.ndjson.gz', whole, new Date('2024-01-02'));
    const rest = await landing.drain();
    expect(brief([...first.slice(0, -1), ...rest])).toEqual(
      Array.from({ length: 500 }, (_, i) => `a.ndjson.gz:${i + 1} t${i}`),
    );
  });

  it('that is cut in a JSON array goes on with the record that was cut', async () => {
    landing.land('a.json', `[${post(1)},{"text":`);
    expect(await drained()).toEqual(['a.json:1 t1', 'a.json:2 !bad_line']);
    landing.land('a.json', `[${post(1)},{"text":"t2"}]`, new Date('2024-01-02'));
    expect(await drained()).toEqual(['a.json:2 t2']);
    landing.land('a.json', `[${post(1)},{"text":"t2"}] `, new Date('2024-01-03'));
    expect(await drained()).toEqual([]);
    expect(changed()).toEqual([{ path: 'a.json', reason: 'it grew behind the end of its array' }]);
  });
});

describe('a file that changed after it was read', () => {
  const later = new Date('2024-05-05');
  const reread = async () => {
    expect(await drained()).toEqual([]);
    const [live] = changed();
    await landing.reopen();
    expect(await drained()).toEqual([]);
    expect(changed()[0]).toEqual(live);
    const listed = (await landing.source.ls())[0];
    expect(listed).toMatchObject(live === undefined ? { state: 'read' } : { state: 'changed', ...live });
    return live;
  };

  it('shrank', async () => {
    landing.land('a.ndjson', lines(post(1), post(2)));
    await landing.drain();
    truncateSync(landing.path('a.ndjson'), 14);
    expect(await reread()).toEqual({
      path: 'a.ndjson',
      reason: 'it shrank from 28 to 14 bytes after it was read',
    });
    expect((await landing.source.explain('a.ndjson')).message).toContain('under a new name');
  });

  it('was rewritten with as many bytes, or with more', async () => {
    landing.land('a.ndjson', lines(post(1), post(2)));
    await landing.drain();
    landing.land('a.ndjson', lines(post(1), post(3)), later);
    expect(await reread()).toEqual({ path: 'a.ndjson', reason: 'it was rewritten after it was read' });
    landing.land('a.ndjson', lines(post(4), post(5), post(6)), later);
    expect(await drained()).toEqual([]);
    expect(changed()).toEqual([
      { path: 'a.ndjson', reason: 'it was rewritten: the text before the last place read is another' },
    ]);
  });

  it('was only touched or copied again: that is no change', async () => {
    landing.land('a.ndjson', lines(post(1), post(2)));
    landing.land('b.json.gz', gzipSync(`[${post(3)}]`));
    await landing.drain();
    utimesSync(landing.path('a.ndjson'), later, later);
    landing.land('b.json.gz', gzipSync(`[${post(3)}]`), later);
    expect(await reread()).toBeUndefined();
    append('a.ndjson', lines(post(4)));
    expect(await drained()).toEqual(['a.ndjson:3 t4']);
  });

  it('is read from its beginning under a new name', async () => {
    landing.land('a.ndjson', lines(post(1)));
    await landing.drain();
    landing.land('a.ndjson', lines(post(2)), later);
    expect(await drained()).toEqual([]);
    renameSync(landing.path('a.ndjson'), landing.path('b.ndjson'));
    expect(await drained()).toEqual(['b.ndjson:1 t2']);
    expect(changed()).toEqual([]);
  });

  it('is gone: no matter when all of it was read, a report when not', async () => {
    landing.land('a.ndjson', lines(post(1)));
    landing.land('b.ndjson', lines(post(2), post(3)));
    await landing.batch({ posts: 2 });
    rmSync(landing.path('a.ndjson'));
    rmSync(landing.path('b.ndjson'));
    expect(await drained()).toEqual([]);
    const gone = [{ path: 'b.ndjson', reason: 'it is gone, and was read to byte 14 of 28 only' }];
    expect(changed()).toEqual(gone);
    await landing.reopen();
    expect(await drained()).toEqual([]);
    expect(changed()).toEqual(gone);
    landing.land('b.ndjson', lines(post(2), post(3)));
    expect(await drained()).toEqual(['b.ndjson:2 t3']);
  });
});

describe('a planned range that changed before it was read', () => {
  it('is one fault, and the file counts as changed; its neighbours are read', async () => {
    for (const name of ['a', 'b', 'c', 'd']) landing.land(`${name}.ndjson`, lines(post(1), post(2)));
    const input = (await landing.source.plan(noLimits))!;
    await landing.source.planned(0, input);
    landing.log.push(JSON.stringify(input));
    const { mtime } = statSync(landing.path('a.ndjson'));
    landing.land('a.ndjson', lines(post(1), post(3)), mtime);
    rmSync(landing.path('b.ndjson'));
    append('d.ndjson', lines(post(4)));
    await landing.reopen();
    expect(brief(await landing.read(input))).toEqual([
      'a.ndjson:1 !source_changed',
      'b.ndjson:1 !source_changed',
      'c.ndjson:1 t1',
      'c.ndjson:2 t2',
      'd.ndjson:1 t1',
      'd.ndjson:2 t2',
    ]);
    expect(changed()).toEqual([
      { path: 'a.ndjson', reason: 'the text is another' },
      { path: 'b.ndjson', reason: 'the file is gone' },
    ]);
    expect(await drained()).toEqual(['d.ndjson:3 t4']);
  });
});

describe('a fixed end', () => {
  it('holds out what comes later, and waits for what has yet to stand still', async () => {
    write('a.ndjson', `${post(1)}\n`);
    write('b.csv', 'text\nt2\n');
    write('cut.ndjson', `${post(3)}\n{"te`);
    const horizon = await landing.source.horizon();
    append('a.ndjson', lines(post(4)));
    write('late.ndjson', lines(post(5)));
    const records = [];
    for (let got = await landing.batch({}, horizon); got; got = await landing.batch({}, horizon))
      records.push(...got);
    expect(brief(records).sort()).toEqual([
      'a.ndjson:1 t1',
      'b.csv:1 t2',
      'cut.ndjson:1 t3',
      'cut.ndjson:2 !bad_line',
    ]);
    expect((await drained()).sort()).toEqual(['a.ndjson:2 t4', 'late.ndjson:1 t5']);
  });

  it('holds out nothing of a file that was touched between two batches', async () => {
    landing.land('a.ndjson', lines(post(1), post(2), post(3)));
    await landing.batch({ posts: 1 });
    utimesSync(landing.path('a.ndjson'), new Date('2024-05-05'), new Date('2024-05-05'));
    const horizon = await landing.source.horizon();
    expect(brief((await landing.batch({}, horizon))!)).toEqual(['a.ndjson:2 t2', 'a.ndjson:3 t3']);
  });

  it('leaves a file that is still written to for the next time', async () => {
    write('a.csv', 'text\nt1\n');
    write('b.ndjson', '');
    const horizon = await landing.source.horizon();
    append('a.csv', 't2\n');
    append('b.ndjson', lines(post(1)));
    landing.clock.settle();
    expect(await landing.batch({}, horizon)).toBeUndefined();
    expect((await drained()).sort()).toEqual(['a.csv:1 t1', 'a.csv:2 t2', 'b.ndjson:1 t1']);
  });
});
