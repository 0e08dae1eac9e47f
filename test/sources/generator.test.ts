import { describe, expect, it } from 'vitest';
import { canonicalPost } from '../../src/posts/canonical.js';
import { unescapeHtml } from '../../src/posts/clean-text.js';
import { mentions } from '../../src/posts/mentions.js';
import { parseTimestamp } from '../../src/posts/parse-timestamp.js';
import { bronze } from '../../src/posts/tables.js';
import { openScorer } from '../../src/scoring/open-scorer.js';
import { makeCast } from '../../src/sources/collect/generator/cast.js';
import { expand } from '../../src/sources/collect/generator/expand.js';
import { type DuePost, duePosts, generatePosts } from '../../src/sources/collect/generator/generate.js';
import { Random } from '../../src/sources/collect/generator/random.js';

const startAt = Date.UTC(2026, 4, 28, 20, 26, 40);
const due = (count: number, seed = 1, ratePerSecond = 20): DuePost[] => [
  ...duePosts({ seed, count, startAt, ratePerSecond }),
];
const share = <T>(list: readonly T[], is: (item: T) => boolean) => list.filter(is).length / list.length;

describe('generated posts', () => {
  const stream = due(3000);
  const posts = stream.map(({ post }) => post);
  const texts = posts.map((post) => post.text);

  it('are the same for the same seed, start and rate, however they are asked for', () => {
    expect(due(200)).toEqual(stream.slice(0, 200));
    expect([...generatePosts({ seed: 1, count: 200, startAt, ratePerSecond: 20 })]).toEqual(
      posts.slice(0, 200),
    );
    expect(due(200, 2).map(({ post }) => post.text)).not.toEqual(texts.slice(0, 200));
  });

  it('come in time order, from the start on', () => {
    expect(stream[0]!.at).toBe(startAt);
    for (let i = 1; i < stream.length; i++) expect(stream[i]!.at).toBeGreaterThanOrEqual(stream[i - 1]!.at);
  });

  it('are statuses that bronze takes whole', () => {
    for (const post of posts) {
      const fields = JSON.parse(JSON.stringify(post));
      const outcome = canonicalPost({ source_file: 'f', position: 1, fields }, {}, 0n);
      const row = Object.fromEntries(
        bronze.fields.map(({ name }, i) => [name, 'row' in outcome && outcome.row[i]]),
      );
      expect(row).toMatchObject({
        user: expect.stringMatching(/^\w{3,15}$/),
        text: post.text,
        sentiment: expect.stringMatching(/^[024]$/),
        post_id: post.id_str,
        source: 'twitter',
        op: 'create',
        mentions: null,
        _rescued_data: null,
      });
    }
  });

  it('have ids of their own, also beside another generator at the same time', () => {
    const ids = [...posts, ...due(3000, 2).map(({ post }) => post)].map((post) => post.id_str);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('hold what real feeds hold', () => {
    const counts = posts.map((post) => mentions(post.text, 'twitter').length);
    expect(share(counts, (n) => n === 0)).toBeGreaterThan(0.2);
    expect(share(counts, (n) => n > 0)).toBeGreaterThan(0.5);
    expect(share(counts, (n) => n > 1)).toBeGreaterThan(0.05);
    expect(share(texts, (text) => text.startsWith('RT @'))).toBeGreaterThan(0.02);
    expect(share(texts, (text) => /https?:\/\/|www\./.test(text))).toBeGreaterThan(0.03);
    expect(share(texts, (text) => /\p{Emoji_Presentation}/u.test(text))).toBeGreaterThan(0.1);
    expect(share(texts, (text) => text.includes('#'))).toBeGreaterThan(0.05);
    expect(share(texts, (text) => /&(amp|lt|gt);/.test(text))).toBeGreaterThan(0.005);
    expect(new Set(texts).size / texts.length).toBeGreaterThan(0.9);
    expect(new Set(posts.map((post) => post.user.screen_name)).size).toBeGreaterThan(200);
  });

  it('are escaped as Twitter escapes, and no pattern shines through', () => {
    for (const text of texts) {
      expect(text).not.toMatch(/[<>{}|$]|&(?!amp;|lt;|gt;)| {2}|undefined/);
      expect(unescapeHtml(text).length).toBeLessThanOrEqual(280);
    }
  });

  it('have dates of which few are odd and fewer cannot be read', () => {
    const dates = posts.map((post) => post.created_at ?? null);
    const unread = share(dates, (date) => 'error' in parseTimestamp(date));
    expect(unread).toBeGreaterThan(0.002);
    expect(unread).toBeLessThan(0.02);
    expect(share(dates, (date) => !String(date).includes('+0000'))).toBeGreaterThan(0.01);
    for (const { at, post } of stream) {
      const instant = parseTimestamp(post.created_at ?? null);
      if ('micros' in instant) expect(Math.abs(Number(instant.micros / 1000n) - at)).toBeLessThan(1000);
    }
  });

  it('are of all three feelings, whose share wanders by topic', () => {
    for (const label of ['0', '2', '4'])
      expect(share(posts, (post) => post.sentiment === label)).toBeGreaterThan(0.15);
    const about = posts.filter((post) => post.text.includes('@beanbarn_np'));
    const happy = [0, 1, 2, 3].map((quarter) => {
      const part = about.slice((quarter * about.length) / 4, ((quarter + 1) * about.length) / 4);
      return share(part, (post) => post.sentiment === '4');
    });
    expect(Math.max(...happy) - Math.min(...happy)).toBeGreaterThan(0.15);
  });

  it('are felt by the bundled model as they were meant, mostly', async () => {
    const some = posts.slice(0, 150);
    const scorer = await openScorer({ bundle: 'bundled' });
    const scores = await scorer.score(some.map((post) => post.text));
    await scorer.close();
    const names = { '0': 'negative', '2': 'neutral', '4': 'positive' };
    const right = some.filter((post, i) => names[post.sentiment] === scores[i]!.sentiment);
    expect(right.length / some.length).toBeGreaterThan(0.8);
    expect(new Set(scores.map((score) => score.sentiment)).size).toBe(3);
  });
});

describe('arrivals', () => {
  const arrivals = due(20_000, 3, 50);

  it('keep the rate on average', () => {
    const seconds = (arrivals.at(-1)!.at - startAt) / 1000;
    expect(arrivals.length / seconds / 50).toBeGreaterThan(0.9);
    expect(arrivals.length / seconds / 50).toBeLessThan(1.1);
  });

  it('come in bursts: their count a second varies more than chance alone would make it', () => {
    const perSecond = new Map<number, number>();
    for (const { at } of arrivals) {
      const second = Math.floor((at - startAt) / 1000);
      perSecond.set(second, (perSecond.get(second) ?? 0) + 1);
    }
    const counts = [...perSecond.values()];
    const mean = counts.reduce((a, b) => a + b) / counts.length;
    const variance = counts.reduce((sum, n) => sum + (n - mean) ** 2, 0) / counts.length;
    expect(variance / mean).toBeGreaterThan(3);
  });
});

describe('its parts', () => {
  it('a seed gives even numbers', () => {
    const random = new Random(42);
    const buckets = Array.from({ length: 10 }, () => 0);
    for (let i = 0; i < 100_000; i++) buckets[random.below(10)]!++;
    for (const count of buckets) expect(Math.abs(count - 10_000)).toBeLessThan(500);
    expect(
      share(
        Array.from({ length: 10_000 }, () => random.weighted([1, 3])),
        (i) => i === 1,
      ),
    ).toBeCloseTo(0.75, 1);
  });

  it('a cast has handles that Twitter could have', () => {
    const cast = makeCast(400, new Random(1));
    expect(new Set(cast.map((person) => person.handle.toLowerCase())).size).toBe(400);
  });

  it('patterns nest, may be empty, and leave unknown slots alone', () => {
    const expanded = new Set(
      Array.from({ length: 200 }, (_, i) => expand('a {b {c|d}|} $x $y', { x: () => 'X' }, new Random(i))),
    );
    expect([...expanded].sort()).toEqual(['a  X $y', 'a b c X $y', 'a b d X $y']);
  });
});
