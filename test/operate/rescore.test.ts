/** Backfill with another model: the same rows, once each, whatever interrupts it; and what the report counts. */
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { armFaultPoint, disarmFaultPoint } from '../../src/base/fault-point.js';
import { type OpenLake, openLake } from '../../src/index.js';
import { rescore } from '../../src/operate/rescore/rescore.js';
import { rescoringHtml } from '../../src/operate/rescore/rescoring-html.js';
import { rescoringReport } from '../../src/operate/rescore/rescoring-report.js';
import type { Score, Scorer } from '../../src/scoring/scorer.js';
import { DeltaTable } from '../../src/table/index.js';

/** Finds everything negative that mentions ann, all else positive. */
class Grudge implements Scorer {
  readonly model = { id: 'grudge/2', digest: 'g'.repeat(64), labels: ['negative', 'neutral', 'positive'] };
  scored: string[] = [];
  async ready() {}
  async score(texts: readonly string[]): Promise<Score[]> {
    this.scored.push(...texts);
    return texts.map((text) =>
      text.includes('@ann')
        ? { sentiment: 'negative', score: 90, probabilities: [0.9, 0.05, 0.05] }
        : { sentiment: 'positive', score: 80, probabilities: [0.1, 0.1, 0.8] },
    );
  }
  stats(): never {
    throw new Error('not asked');
  }
  async close() {}
}

let dir: string;
let lake: OpenLake;

beforeEach(async () => {
  dir = realpathSync(mkdtempSync(join(tmpdir(), 'murmur-rescore-')));
  mkdirSync(join(dir, 'landing'));
  lake = await openLake({ dir, spec: { model: 'lexicon', mlflow: 'off', neutral: { id: 2 } } });
  land('first', 0, 30);
  await lake.run({ until: 'idle' }).done;
  land('second', 30, 60);
  await lake.run({ until: 'idle' }).done;
});
afterEach(async () => {
  disarmFaultPoint();
  await lake.close();
  rmSync(dir, { recursive: true, force: true });
});

/** The lexicon finds all of them positive. */
function land(name: string, from: number, to: number) {
  const posts = Array.from({ length: to - from }, (_, i) => {
    const id = from + i;
    const who = id % 3 === 0 ? '@ann @bob' : id % 3 === 1 ? '@bob' : '';
    return JSON.stringify({
      id: String(id),
      text: `great day ${id} ${who}`,
      date: '2026-01-01',
      sentiment: id % 2 === 0 ? 4 : 0,
    });
  });
  writeFileSync(join(dir, 'landing', `${name}.ndjson`), `${posts.join('\n')}\n`);
}

const rowsOf = async (table: string) =>
  (await lake.sql(`SELECT post_id, mention, "text", sentiment_id FROM ${table} ORDER BY ALL`)).rows;

describe('rescoring', () => {
  it('makes a table like gold beside it, each row once, each text of a batch scored once', async () => {
    const scorer = new Grudge();
    const seen: number[] = [];
    const rescored = await rescore(lake, scorer, {
      into: 'gold_v2',
      batchRows: 7,
      onProgress: (done, of) => seen.push(done / of),
    });
    expect(rescored).toMatchObject({
      into: 'gold_v2',
      from: 'gold',
      model: 'grudge/2',
      rows: 80,
      resumed_rows: 0,
    });
    expect(await rowsOf('gold_v2')).toEqual(await rowsOf('gold'));
    // A post whose rows are cut apart by a batch's end is scored in both.
    expect(new Set(scorer.scored).size).toBe(60);
    expect(scorer.scored.length).toBeLessThan(60 + 80 / 7 + 2);
    expect(seen).toEqual([...seen].sort((a, b) => a - b));
    expect([seen[0], seen.at(-1)]).toEqual([0, 1]);
    const { rows } = await lake.sql(
      `SELECT DISTINCT model, predicted_sentiment, predicted_sentiment_id AS id FROM gold_v2 ORDER BY 2`,
    );
    expect(rows).toEqual([
      { model: 'grudge/2', predicted_sentiment: 'negative', id: 0 },
      { model: 'grudge/2', predicted_sentiment: 'positive', id: 1 },
    ]);
    expect((await lake.lake.tables()).map(({ table }) => table)).toContain('gold_v2');
    const columns = async (name: string) => (await lake.table(name).describe()).columns;
    expect(await columns('gold_v2')).toEqual(await columns('gold'));
  });

  it.each(['rescore.before_commit', 'rescore.after_commit'])(
    'killed at %s goes on, and no row comes twice',
    async (point) => {
      armFaultPoint(
        point,
        () => {
          throw new Error('killed');
        },
        3,
      );
      const first = new Grudge();
      await expect(rescore(lake, first, { into: 'gold_v2', batchRows: 10 })).rejects.toThrow('killed');
      const committed = (await lake.table('gold_v2').count()).rows;
      expect(committed).toBeGreaterThan(0);
      // What comes meanwhile belongs to a later version.
      land('third', 60, 70);
      await lake.run({ until: 'idle' }).done;
      const second = new Grudge();
      const rescored = await rescore(lake, second, { into: 'gold_v2', batchRows: 999 });
      expect(rescored).toMatchObject({ rows: 80, resumed_rows: committed });
      expect(await rowsOf('gold_v2')).toEqual(await rowsOf('gold VERSION AS OF 2'));
      expect(second.scored.length).toBeLessThan(60);
      const third = new Grudge();
      expect(await rescore(lake, third, { into: 'gold_v2' })).toMatchObject({ rows: 80, resumed_rows: 80 });
      expect(third.scored).toEqual([]);
    },
  );

  it('of silver gives what gold would be, at any version', async () => {
    const version = 1;
    await rescore(lake, new Grudge(), { into: 'gold_v2', from: 'silver', version });
    expect(await rowsOf('gold_v2')).toEqual(await rowsOf(`gold VERSION AS OF ${version}`));
  });

  it('leaves out what a deletion took', async () => {
    const gold = await DeltaTable.open(join(dir, 'tables', 'gold'));
    await gold.delete({ where: "post_id IN ('3', '4', '40')" });
    expect((await rowsOf('gold')).length).toBe(76);
    await gold.close();
    await rescore(lake, new Grudge(), { into: 'gold_v2' });
    expect(await rowsOf('gold_v2')).toEqual(await rowsOf('gold'));
  });

  it('refuses a table of the pipeline, a name that is none, another model, and what it did not make', async () => {
    const into = (name: string, scorer: Scorer = new Grudge(), more = {}) =>
      rescore(lake, scorer, { into: name, ...more });
    await expect(into('gold')).rejects.toMatchObject({ code: 'operate.bad_table_name', fault: 'user' });
    await expect(into('../x')).rejects.toMatchObject({ code: 'operate.bad_table_name' });
    await into('gold_v2');
    const other = new Grudge();
    Object.assign(other, { model: { ...other.model, digest: 'h'.repeat(64) } });
    await expect(into('gold_v2', other)).rejects.toMatchObject({ code: 'operate.table_taken' });
    await expect(into('gold_v2', new Grudge(), { version: 1 })).rejects.toMatchObject({
      code: 'operate.table_taken',
    });
    const { schema } = (await lake.table('gold').at())!.snapshot;
    await (await DeltaTable.create(join(dir, 'tables', 'mine'), { schema })).close();
    await expect(into('mine')).rejects.toMatchObject({ code: 'operate.table_taken' });
  });
});

describe('the report', () => {
  it('counts what became what, where, of whom, and by labels', async () => {
    const rescored = await rescore(lake, new Grudge(), { into: 'gold_v2' });
    const report = await rescoringReport(lake, rescored);
    // Of 60 posts the 20 that mention ann were positive and are negative.
    expect(report).toMatchObject({ posts: 60, agreed: 40, agreement: 40 / 60, against: { table: 'gold' } });
    expect(report.changes!.counts).toEqual([
      [0, 0, 0],
      [0, 0, 0],
      [20, 0, 40],
    ]);
    expect(report.slices.filter(({ by }) => by === 'mention')).toEqual([
      { by: 'mention', slice: 'with a mention', posts: 40, changed: 20 },
      { by: 'mention', slice: 'without', posts: 20, changed: 0 },
    ]);
    expect(report.mentions).toEqual([
      {
        mention: 'ann',
        posts: 20,
        old: { negative: 0, neutral: 0, positive: 20 },
        new: { negative: 20, neutral: 0, positive: 0 },
        shift: -2,
      },
      {
        mention: 'bob',
        posts: 40,
        old: { negative: 0, neutral: 0, positive: 40 },
        new: { negative: 20, neutral: 0, positive: 20 },
        shift: -1,
      },
    ]);
    expect(report.examples).toHaveLength(20);
    expect(report.examples[0]).toMatchObject({ old: 'positive', new: 'negative', new_score: 90 });
    expect(report.measured!.old).toMatchObject([{ model: 'lexicon/1', evaluated: 60, accuracy: 0.5 }]);
    expect(report.measured!.new).toMatchObject([{ model: 'grudge/2', evaluated: 60, accuracy: 0.5 }]);
    const html = rescoringHtml(report);
    expect(html).toContain('grudge/2');
    expect(html).toContain('@ann');
    expect(html).toContain('−2.000');
  });

  it('puts a mention of many posts before one that a single post turned round', async () => {
    const post = { id: 'lone', text: 'great day @ann @aaron', date: '2026-01-01' };
    writeFileSync(join(dir, 'landing', 'lone.ndjson'), `${JSON.stringify(post)}\n`);
    await lake.run({ until: 'idle' }).done;
    const { mentions } = await rescoringReport(lake, await rescore(lake, new Grudge(), { into: 'gold_v2' }));
    expect(mentions.map(({ mention, posts, shift }) => [mention, posts, shift])).toEqual([
      ['ann', 21, -2],
      ['bob', 40, -1],
      ['aaron', 1, -2],
    ]);
  });
});
