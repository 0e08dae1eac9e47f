/**
 * One post's text, as its writer would type it. The sentence carries the feeling; mentions, marks, links, hashtags and
 * habits of spelling are laid over it, and `&`, `<` and `>` are escaped at the end as Twitter's API does.
 */
import type { Sentiment } from '../../../posts/labels.js';
import { type Person, pickPerson } from './cast.js';
import { everyday, marks, openers, tails } from './everyday.js';
import { expand } from './expand.js';
import type { Random } from './random.js';
import type { Topic } from './topics.js';

export interface Idea {
  readonly author: Person;
  readonly feeling: Sentiment;
  readonly topic: Topic | undefined;
  /** The tag of what is happening, if the post is about it. */
  readonly tag: string | undefined;
}

export function compose(idea: Idea, cast: readonly Person[], random: Random): string {
  const { author, feeling, topic } = idea;
  const named = new Set<string>();
  const at = (handle: string) => {
    named.add(handle);
    return `@${handle}`;
  };
  const slots = {
    at: () => (topic === undefined ? '' : random.chance(0.75) ? at(topic.handle) : topic.name),
    thing: () => (topic === undefined ? 'it' : random.pick(topic.things)),
    friend: () => at(friendOf(author, cast, random).handle),
  };
  const patterns = topic === undefined ? everyday[feeling] : topic[feeling];
  const first = random.pick(patterns);
  let sentence = expand(first, slots, random);
  if (random.chance(0.18)) {
    const second = random.pick(random.chance(0.6) ? patterns : everyday[feeling]);
    if (second !== first)
      sentence += `${random.pick(['. ', ' ', '... ', ', and '])}${expand(second, slots, random)}`;
  }

  if (random.chance(0.2)) sentence = random.pick(openers[feeling]) + sentence;
  if (random.chance(0.3)) {
    const tail = random.pick(tails[feeling]);
    if (!ends.test(sentence) || !/^[.!]/.test(tail)) sentence += tail;
  }
  if (random.chance(0.14)) sentence = `${at(friendOf(author, cast, random).handle)} ${sentence}`;
  if (random.chance(0.03)) {
    const others = [friendOf(author, cast, random), friendOf(author, cast, random)].map((p) => p.handle);
    sentence += ` cc ${others
      .filter((handle) => !named.has(handle))
      .map(at)
      .join(' ')}`.replace(/ cc $/, '');
  }
  sentence = inStyle(sentence, author, feeling, random);

  if (random.chance(author.marks))
    sentence += ` ${random.pick(marks[feeling])}`.repeat(random.chance(0.15) ? 2 : 1);
  const tag = idea.tag ?? (topic !== undefined && random.chance(0.1) ? topic.tag : undefined);
  if (tag !== undefined && random.chance(0.7)) sentence += ` #${tag}`;
  if (random.chance(author.links)) sentence += ` ${link(topic, random)}`;
  return escapeHtml(sentence);
}

/** Where a sentence has its end already. */
const ends = /[.!?]$/;

/** An address of the reserved kind, which can lead nowhere. */
function link(topic: Topic | undefined, random: Random): string {
  const code = Array.from({ length: 8 }, () =>
    random.pick([...'abcdefghkmnpqrstuvwxyzABCDEFGHKLMNPQRSTUVWXYZ23456789']),
  );
  const paths = ['https://pic.example/', 'http://lnk.example/'];
  if (topic !== undefined && random.chance(0.2))
    return `www.${topic.tag}.example/news?id=${random.below(900)}&ref=np`;
  return random.pick(paths) + code.join('');
}

function friendOf(author: Person, cast: readonly Person[], random: Random): Person {
  let friend = author;
  while (friend === author) friend = pickPerson(cast, random);
  return friend;
}

/** Words that are neither mention, tag nor link are written in the author's way. */
function inStyle(sentence: string, { style }: Person, feeling: Sentiment, random: Random): string {
  const words = sentence.split(' ').map((word) => {
    if (/^\W?[@#]|:\/\//.test(word)) return word;
    if (style === 'lower') return word.toLowerCase().replace(/^cannot$/, "can't");
    if (style === 'loud' && feeling !== 'neutral') return word.toUpperCase();
    if (style === 'proper') return word.replace(/^i$/, 'I').replace(/^cannot$/, "can't");
    return random.chance(0.02) ? stretch(word) : word;
  });
  const text = words.join(' ');
  return style === 'proper' && /^[a-z]/.test(text) ? text.charAt(0).toUpperCase() + text.slice(1) : text;
}

/** `so` becomes `sooo`. */
function stretch(word: string): string {
  return /^[a-z]{2,5}[aeiouwyh]$/.test(word) || word === 'so' ? word + word.at(-1)!.repeat(3) : word;
}

function escapeHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
