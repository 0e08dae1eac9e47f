/**
 * A stream of made-up posts in Twitter's v1 shape, with the feeling that each was written with as its label. The same
 * seed, start and rate give the same posts; nothing is taken from any real person.
 */
import type { Sentiment } from '../../../posts/labels.js';
import { makeCast, type Person, pickPerson } from './cast.js';
import { compose } from './compose.js';
import { Moods } from './mood.js';
import { topics } from './more-topics.js';
import { postDate } from './post-date.js';
import { Random } from './random.js';

export interface GenerateOptions {
  readonly seed: number;
  /** Default: without end. */
  readonly count?: number;
  /** When the first post is due, in milliseconds since the epoch. */
  readonly startAt: number;
  /** On average; posts come in bursts. Default 10. */
  readonly ratePerSecond?: number;
}

/** A Twitter v1 status, as small as one can be, with the label in `sentiment`. */
export interface GeneratedPost {
  readonly created_at?: string | number;
  readonly id_str: string;
  readonly user: { readonly screen_name: string };
  /** Escaped as Twitter does. */
  readonly text: string;
  readonly lang: string;
  /** What it was written with: 0 negative, 2 neutral, 4 positive. */
  readonly sentiment: '0' | '2' | '4';
}

export interface DuePost {
  /** When it is posted, in milliseconds since the epoch; never falls. */
  readonly at: number;
  readonly post: GeneratedPost;
}

/** The posts alone. */
export function* generatePosts(options: GenerateOptions): Generator<GeneratedPost, void> {
  for (const { post } of duePosts(options)) yield post;
}

const castSize = 400;
const labels = { negative: '0', neutral: '2', positive: '4' } as const;

/** The posts, each with its time. */
export function* duePosts(options: GenerateOptions): Generator<DuePost, void> {
  const { seed, startAt, count = Number.POSITIVE_INFINITY, ratePerSecond = 10 } = options;
  const random = new Random(seed);
  const cast = makeCast(castSize, random);
  const moods = new Moods(topics, random);
  const heard: Heard[] = [];
  let at = startAt;
  for (let n = 0; n < count; n++) {
    moods.pass();
    if (n > 0) at += random.exponential(1000 / (ratePerSecond * moods.rush));
    const author = pickPerson(cast, random);
    const again = heard.length > 20 && random.chance(0.05) ? retweet(random.pick(heard), author) : undefined;
    const { text, sentiment } = again ?? write(author, cast, moods, random);
    heard.push({ author, text, sentiment });
    if (heard.length > 60) heard.shift();
    const time = Math.floor(at);
    const date = postDate(time, author, random);
    const post: GeneratedPost = {
      ...(date === undefined ? {} : { created_at: date }),
      id_str: statusId(time, seed, n),
      user: { screen_name: author.handle },
      text,
      lang: 'en',
      sentiment: labels[sentiment],
    };
    yield { at: time, post };
  }
}

interface Heard {
  author: Person;
  text: string;
  sentiment: Sentiment;
}

function write(author: Person, cast: readonly Person[], moods: Moods, random: Random) {
  const about = moods.pickTopic();
  const sentiment = moods.feel(moods.moodOf(about?.topic), author.temper);
  const topic = about === undefined ? undefined : topics[about.topic];
  return { text: compose({ author, feeling: sentiment, topic, tag: about?.tag }, cast, random), sentiment };
}

/** Nobody retweets themselves or a retweet. */
function retweet(heard: Heard, author: Person): Pick<Heard, 'text' | 'sentiment'> | undefined {
  if (heard.author === author || heard.text.startsWith('RT ')) return undefined;
  return { text: `RT @${heard.author.handle}: ${heard.text}`, sentiment: heard.sentiment };
}

/**
 * As Twitter makes its ids: milliseconds, then 10 bits of who made it (here the seed) and 12 bits of a counter. So two
 * generators do not give the same id to different posts.
 */
function statusId(at: number, seed: number, n: number): string {
  return String((BigInt(at) << 22n) | (BigInt(seed & 0x3ff) << 12n) | BigInt(n & 0xfff));
}
