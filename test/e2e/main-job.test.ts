/** The main job: a folder of posts becomes bronze, silver, gold and application, each post once. */
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { landedTexts } from './landed.js';
import { countPosts } from './ledger.js';
import { murmur, murmurJson, sqlRows, temporaryFolder } from './murmur.js';
import { expectSoundLake } from './sound-lake.js';

const folder = temporaryFolder();
const lake = join(folder.dir, 'my-lake');
afterAll(folder.remove);

interface RunSummary {
  streams: Record<string, Record<string, number>>;
  seconds: number;
}

describe('a thousand generated posts', () => {
  let summary: RunSummary;
  beforeAll(async () => {
    expect((await murmur(['init', lake, '--sample', '1000'])).code).toBe(0);
    summary = await murmurJson<RunSummary>(['-C', lake, 'run', '--once']);
  });

  it('are in every layer exactly once', async () => {
    await expectSoundLake(lake, countPosts(landedTexts(lake)));
  });

  it('are accounted for by post in the summary', () => {
    const { bronze, silver, gold } = summary.streams;
    for (const stream of [bronze!, silver!, gold!]) {
      expect(stream.input_posts).toBe(1000);
      expect(stream.output_posts! + stream.dropped_posts! + stream.quarantined_posts!).toBe(
        stream.input_posts,
      );
    }
    expect(silver!.output_rows).toBe(gold!.output_rows);
    expect(summary.seconds).toBeGreaterThan(0);
  });

  it('are not read again by a second run', async () => {
    const again = await murmurJson<RunSummary>(['-C', lake, 'run', '--once']);
    for (const stream of Object.values(again.streams))
      expect(stream).toMatchObject({ batches: 0, input_posts: 0 });
  });

  it('leave one progress row a batch, equal to the summary', async () => {
    const rows = await sqlRows<{ stream: string; posts: number; batches: number }>(
      lake,
      'select stream, sum(input_posts)::bigint posts, count(*) batches from progress group by stream order by stream',
    );
    expect(rows.map((row) => [row.stream, row.batches])).toEqual(
      ['application', 'bronze', 'gold', 'silver'].map((name) => [name, summary.streams[name]!.batches]),
    );
  });

  it('carry the score of the text alone, whoever asks', async () => {
    const sample = await sqlRows<{ text: string; predicted_sentiment: string; predicted_score: number }>(
      lake,
      'select distinct text, predicted_sentiment, predicted_score from gold order by text limit 20',
    );
    const { stdout } = await murmur(['model', 'score', '--json'], {
      input: sample.map(({ text }) => text.replaceAll('\n', ' ')).join('\n'),
    });
    const scored = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(scored.map((s) => s.sentiment)).toEqual(sample.map((s) => s.predicted_sentiment));
    for (const [i, { score }] of scored.entries()) expect(score).toBeCloseTo(sample[i]!.predicted_score, 3);
  });

  it('can be traced one by one', async () => {
    const [{ post_id } = { post_id: '' }] = await sqlRows<{ post_id: string }>(
      lake,
      'select post_id from gold limit 1',
    );
    const trace = await murmurJson<Record<string, unknown>>(['-C', lake, 'trace', post_id]);
    expect(JSON.stringify(trace)).toContain(post_id);
  });
});
