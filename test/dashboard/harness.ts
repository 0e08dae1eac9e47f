/**
 * The page without a lake, for those who work on it: `npx vite build && npx tsx test/dashboard/harness.ts [SCENE] [PORT]`.
 * Scenes: live (default), empty, stopped, failed. Everything shown is made up.
 */
import {
  type Journey,
  type JourneyStage,
  journeyStages,
  type PostDraft,
} from '../../src/dashboard/messages.js';
import { startDashboard } from '../../src/dashboard/server.js';
import {
  FakeFeed,
  figures,
  measured,
  mention,
  progress,
  runModel,
  scored,
  status,
  streams,
} from './fake-feed.js';

const scene = process.argv[2] ?? 'live';
const port = Number(process.argv[3] ?? 4646);
const assets = process.argv[4];

const praise = [
  'best coffee I had in weeks, thank you @blue_door ☕',
  '@nightbus was on time. twice. in one week. I am moved',
  'the new season of @lanternfall is so good I forgot to eat',
  'just finished my first 10k with @parkrunners!! never felt better',
  'shout out to @telco_helps for fixing the line on a sunday',
  'home. rain on the roof, soup on the stove, nothing to do',
];
const blame = [
  '@nightbus cancelled again and nobody tells you anything',
  'three hours on hold with @telco_helps. THREE. hours.',
  'so tired of waking up at five for no reason',
  'why does @parcelbird always leave it in the rain',
  "@lanternfall you can't end a season like that. I am furious",
  'my phone died, my umbrella broke and it is only monday',
];
const names =
  'blue_door nightbus lanternfall parkrunners telco_helps parcelbird citybakery oldharbour fm_rosa quietcarriage museum_of_maps tinyorchestra greenline drkeller mopedrental sundaymarket kitefest_2025 a_very_long_handle_that_goes_on lakeside poolhouse northtower bookbarge'.split(
    ' ',
  );
const weights = names.map((_, i) => ({ size: 900 / (i + 2.2), mood: 0.5 + 0.42 * Math.sin(i * 2.3) }));

class Harness extends FakeFeed {
  #posts = 0;
  #wave = 0;

  constructor() {
    super();
    const now = Date.now();
    if (scene === 'empty') {
      this.parts.tables = this.tables(0);
      return;
    }
    const span = scene === 'stopped' ? 9000 : 540;
    const end = scene === 'stopped' ? now - 3 * 3_600_000 : now;
    for (let s = -span; s < 0; s += 1) this.fill(end + s * 1000);
    const width = scene === 'stopped' ? 60_000 : 5000;
    this.parts.sentiment = {
      by: 'timestamp',
      widthMs: width,
      buckets: Array.from({ length: 110 }, (_, i) => {
        const at = Math.floor(end / width) * width - (109 - i) * width;
        const loud = 40 + 30 * Math.sin(i / 9) + 14 * Math.random();
        const mood = 0.55 + 0.25 * Math.sin(i / 17);
        return { at, positive: Math.round(loud * mood), neutral: 0, negative: Math.round(loud * (1 - mood)) };
      }),
    };
    this.parts.posts = Array.from({ length: 20 }, (_, i) => this.say(end - i * 700));
    this.parts.tables = this.tables(12_403);
    this.parts.mentions = this.boards();
    const matrix = [
      [1420, 210, 96],
      [402, 2610, 540],
      [131, 380, 2904],
    ];
    const few = [
      [40, 22, 9],
      [60, 210, 51],
      [20, 71, 90],
    ];
    const scored_to = end;
    this.parts.quality = figures({
      ...{ version: 7, posts: 12_403, labelled: 8900, labels: '0/1/2' },
      models: [
        measured('murmur-minilm/1', 11_200, matrix, 0.8, { scored_to, confidence: bell(11_200) }),
        measured('lexicon/1', 1203, few, 0.6, { scored_to }),
      ],
      last: { model: 'murmur-minilm/1', digest: 'd1', ...this.watched() },
    });
    this.parts.flow = {
      running: scene !== 'stopped',
      streams: streams.map((name) => this.stream(name, end)),
      model: scene === 'stopped' ? null : this.models(),
    };
  }

  fill(at: number): void {
    const rate = Math.max(0, 14 + 9 * Math.sin(at / 60_000) + 6 * Math.random());
    const posts = Math.round(rate);
    this.history.add({
      stream: 'bronze',
      at,
      input_posts: posts,
      output_rows: posts,
      duration_ms: 30 + 20 * Math.random(),
    });
    this.history.add({
      stream: 'silver',
      at,
      input_posts: posts,
      output_rows: posts * 1.2,
      duration_ms: 48 + 18 * Math.random(),
    });
    this.history.add({
      stream: 'gold',
      at,
      input_posts: posts,
      output_rows: posts * 1.2,
      duration_ms: 120 + 90 * Math.random(),
    });
    if (Math.floor(at / 1000) % 2 === 0) {
      this.history.add({
        stream: 'application',
        at,
        input_posts: posts * 2,
        output_rows: 18,
        duration_ms: 70 + 30 * Math.random(),
      });
    }
  }

  stream(name: string, at: number) {
    const state =
      scene === 'stopped' ? 'stopped' : scene === 'failed' && name === 'gold' ? 'failed' : 'running';
    return status(name, {
      state,
      message: {
        stopped: 'not running',
        failed: 'failed',
        running: name === 'gold' ? 'scoring 17 posts' : 'waiting for new rows',
      }[state],
      batchId: this.history.message().seq,
      lastProgress: progress(name, {
        batch_id: this.history.message().seq,
        started_at: at - 400,
        duration_ms: name === 'gold' ? 160 : 44,
      }),
      backlogFiles: name === 'bronze' && scene === 'failed' ? 3 : 0,
      error:
        state === 'failed'
          ? {
              code: 'scoring.golden_mismatch',
              fault: 'user',
              message: 'checking model.onnx: digest 91c4… instead of 7d02…',
              fix: 'Restore the model folder, then start gold again',
            }
          : null,
    });
  }

  models() {
    const { shadow, drift } = this.watched();
    return runModel({
      ...{ written: 'models:/sentiment@champion', since: Date.now() - 500_000, swaps: 1 },
      ...{ texts: 12_403, cache_hits: 1800, rss: 310e6, loads: { total: 4, present: 2 } },
      shadow: { ...shadow, agreement: shadow.agreed / shadow.scored, fault: null },
      drift: { limit: 0.25, baseline_posts: 2000, figures: drift, alarms: ['length_psi'] },
    });
  }

  watched() {
    const shares = {
      negative: { now: 0.22, baseline: 0.24 },
      neutral: { now: 0.4, baseline: 0.34 },
      positive: { now: 0.38, baseline: 0.42 },
    };
    return {
      shadow: { model: 'sentiment/3', sampled: 620, scored: 618, agreed: 571 },
      drift: { posts: 2000, score_psi: 0.04, length_psi: 0.31, class_psi: 0.12, shares },
    };
  }

  say(at: number) {
    const positive = Math.random() < 0.56;
    const all = positive ? praise : blame;
    const text = all[Math.floor(Math.random() * all.length)]!;
    const user = ['ada_l', 'm.okafor', 'jonas', 'tea4two', 'wren', 'k_ito'][this.#posts % 6]!;
    const change = {
      post_id: `p${this.#posts++}`,
      user,
      scored_at: at,
      timestamp: at,
      predicted_score: 70 + 29.9 * Math.random(),
    };
    return scored(text, positive ? 'positive' : 'negative', change);
  }

  boards() {
    const rows = names.map((name, i) => {
      const { size, mood } = weights[i]!;
      return mention(name, Math.round(size * mood), 0, Math.round(size * (1 - mood)));
    });
    const by = (key: (row: (typeof rows)[0]) => number) =>
      [...rows].sort((a, b) => key(b) - key(a)).slice(0, 20);
    return {
      talked: by((r) => r.positive + r.negative),
      positive: by((r) => r.positive),
      negative: by((r) => r.negative),
    };
  }

  tables(posts: number) {
    const now = scene === 'stopped' ? Date.now() - 3 * 3_600_000 : Date.now();
    const of = (table: string, rows: number, files: number) => ({
      table,
      rows: rows === 0 ? 0 : Math.round(rows),
      version: posts === 0 ? null : 210,
      files,
      bytes: rows * 90,
      updatedAt: now,
    });
    return [
      of('bronze', posts, 7),
      of('silver', posts * 1.21, 9),
      of('gold', posts * 1.21, 8),
      of('application', posts === 0 ? 0 : 418, 1),
      of('quarantine', posts === 0 ? 0 : 3, 1),
      of('progress', posts / 9, 4),
    ];
  }

  move(): void {
    const now = Date.now();
    const rate = Math.max(1, Math.round(6 + 4 * Math.sin(now / 20_000) + 3 * Math.random()));
    for (const [stream, ms] of Object.entries({ bronze: 30, silver: 50, gold: 140 })) {
      if (scene === 'failed' && stream === 'gold') continue;
      this.batch({
        stream,
        at: now,
        input_posts: rate,
        output_rows: rate,
        duration_ms: ms * (0.8 + Math.random() / 2),
      });
    }
    if (this.#wave++ % 4 === 0)
      this.batch({ stream: 'application', at: now, input_posts: rate * 4, output_rows: 12, duration_ms: 80 });
    this.set('flow', {
      running: true,
      streams: streams.map((name) => this.stream(name, now)),
      model: this.models(),
    });
    const fresh = Array.from({ length: 1 + (this.#wave % 3) }, () => this.say(now));
    this.set('posts', [...fresh, ...this.parts.posts].slice(0, 20));
    const lucky = weights[Math.floor(Math.random() * weights.length)]!;
    lucky.size += 14 * Math.random();
    this.set('mentions', this.boards());
    const last = this.parts.sentiment.buckets.at(-1)!;
    const start = Math.floor(now / 5000) * 5000;
    const grown = { ...last, positive: last.positive + rate / 2, negative: last.negative + rate / 3 };
    const bucket = { at: start, positive: Math.round(rate / 2), neutral: 0, negative: Math.round(rate / 3) };
    const buckets = this.parts.sentiment.buckets;
    this.set('sentiment', {
      ...this.parts.sentiment,
      buckets: last.at === start ? [...buckets.slice(0, -1), grown] : [...buckets, bucket],
    });
    this.set('tables', this.tables(12_403 + this.#wave * rate));
  }

  override async post(draft: PostDraft): Promise<Journey> {
    const journey = await super.post(draft);
    if (scene !== 'live') return journey;
    const stages = journeyStages.slice(1);
    const walk = (i: number): void => {
      const stage: JourneyStage | undefined = stages[i];
      if (stage === undefined) return;
      const mood = /hate|bad|never|tired/.test(draft.text) ? 'negative' : 'positive';
      const result = scored(draft.text, mood, { post_id: journey.post_id });
      this.reach(journey.post_id, stage, stage === 'gold' ? result : null);
      setTimeout(() => walk(i + 1), 300);
    };
    setTimeout(() => walk(0), 200);
    return journey;
  }
}

function bell(posts: number): number[] {
  const weights = Array.from({ length: 15 }, (_, i) => (i < 5 ? 0 : Math.exp(-(((i - 12) / 2.5) ** 2))));
  const all = weights.reduce((sum, weight) => sum + weight, 0);
  return weights.map((weight) => Math.round((posts * weight) / all));
}

const feed = new Harness();
const page = await startDashboard({ feed, port, ...(assets === undefined ? {} : { assets }) });
if (scene === 'live' || scene === 'failed') setInterval(() => feed.move(), 500);
console.log(page.url);
