/** Scoring inside a batch: each text once, texts that kill the scorer, and the model of a replayed batch. */
import { afterEach, beforeEach, expect, it } from 'vitest';
import { MurmurError } from '../../src/base/errors.js';
import { armFaultPoint, disarmFaultPoint } from '../../src/base/fault-point.js';
import type { BatchModel } from '../../src/engine/wal.js';
import { LexiconScorer } from '../../src/scoring/lexicon-scorer.js';
import { posts, query, TestLake } from './lake.js';

let lake: TestLake;
beforeEach(() => {
  lake = new TestLake();
});
afterEach(async () => {
  disarmFaultPoint();
  await lake.remove();
});

const queries = [query('bronze'), query('silver'), query('gold')];

/** Dies of every text that holds a word; remembers what it was asked. */
class MortalScorer extends LexiconScorer {
  readonly asked: string[][] = [];

  constructor(readonly poison: string) {
    super();
  }

  override async score(texts: readonly string[], signal?: AbortSignal) {
    this.asked.push([...texts]);
    if (texts.some((text) => text.includes(this.poison)))
      throw new MurmurError('scoring.crashed', 'the scorer died twice', {
        fault: 'external',
        retry: 'backoff',
      });
    return super.score(texts, signal);
  }
}

it('each distinct text goes to the scorer once, whatever stands in it', async () => {
  const [post] = posts(1);
  const texts = ['same @a @b', 'same @a @b', "it's a 'quote' 😀", ''];
  lake.land(
    'a.ndjson',
    texts.map((text, i) => ({ ...post, id_str: String(i), text })),
  );
  const scorer = new MortalScorer('never');
  await lake.runOnce(queries, { scorer: async () => scorer });
  expect(scorer.asked.map((batch) => batch.sort())).toEqual([[...new Set(texts)].sort()]);
  expect(
    await lake.sql('SELECT post_id, text FROM gold WHERE predicted_score IS NOT NULL ORDER BY ALL'),
  ).toEqual([
    { post_id: '0', text: texts[0] },
    { post_id: '0', text: texts[0] },
    { post_id: '1', text: texts[0] },
    { post_id: '1', text: texts[0] },
    { post_id: '2', text: texts[2] },
    { post_id: '3', text: '' },
  ]);
});

it('a text that kills the scorer is found and quarantined; the others keep their scores', async () => {
  lake.land('a.ndjson', [
    ...posts(40),
    { id_str: '99', user: 'eve', text: 'a poison pill @x @y' },
    ...posts(9, 40),
  ]);
  const { error, run, events } = await lake.runOnce(queries, {
    scorer: async () => new MortalScorer('poison'),
  });
  expect(error).toBeUndefined();
  expect(run.status()[2]!.totals).toMatchObject({
    input_posts: 50,
    output_posts: 49,
    quarantined_posts: 1,
    output_rows: 98,
  });
  expect(await lake.sql('SELECT DISTINCT stream, rule, post_id FROM quarantine')).toEqual([
    { stream: 'gold', rule: 'scorer_crash', post_id: '99' },
  ]);
  expect(events).toContainEqual(
    expect.objectContaining({ type: 'rule_fired', rule: 'scorer_crash', posts: 1 }),
  );
});

it('a scorer that dies of everything blames no text', async () => {
  lake.land('a.ndjson', posts(3));
  const { error } = await lake.runOnce(queries, { scorer: async () => new MortalScorer('') });
  expect(error).toMatchObject({ code: 'scoring.crashed' });
  expect(await lake.sql('SELECT count(*) AS n FROM quarantine')).toEqual([{ n: 0 }]);
});

it('the first batch of a model that takes over is small', async () => {
  const first = new LexiconScorer();
  const second = Object.assign(new LexiconScorer(), { model: { ...first.model, id: 'lexicon/2' } });
  lake.land('a.ndjson', posts(700));
  await lake.runOnce(queries, { scorer: async () => first });
  lake.land('b.ndjson', posts(1200, 700));
  const { events } = await lake.runOnce(queries, { scorer: async () => second });
  const batches = events.filter(({ type, stream }) => type === 'batch_committed' && stream === 'gold');
  expect(batches.map((event) => 'progress' in event && event.progress.input_posts)).toEqual([500, 700]);
  expect(
    await lake.sql('SELECT model, count(DISTINCT post_id)::INTEGER AS n FROM gold GROUP BY 1 ORDER BY 1'),
  ).toEqual([
    { model: 'lexicon/1', n: 700 },
    { model: 'lexicon/2', n: 1200 },
  ]);
});

it('a replayed batch asks for the model of its first try, a new one for the current', async () => {
  lake.land('a.ndjson', posts(2));
  const first = new LexiconScorer();
  armFaultPoint('gold.after_write', () => {
    throw new MurmurError('test.crash', 'a crash', { fault: 'user' });
  });
  await lake.runOnce(queries, { scorer: async () => first });

  const wanted: (BatchModel | null)[] = [];
  lake.land('b.ndjson', posts(2, 2));
  const second = Object.assign(new LexiconScorer(), { model: { ...first.model, id: 'lexicon/2' } });
  await lake.runOnce(queries, {
    scorer: async (model) => {
      wanted.push(model);
      return model?.id === first.model.id ? first : second;
    },
  });
  expect(wanted[0]).toEqual({ id: 'lexicon/1', digest: first.model.digest });
  expect(await lake.sql("SELECT DISTINCT post_id < '2' AS replayed, model FROM gold ORDER BY model")).toEqual(
    [
      { replayed: true, model: 'lexicon/1' },
      { replayed: false, model: 'lexicon/2' },
    ],
  );
});
