/** The people who post: invented handles with habits of their own, some loud and most of them quiet. */
import type { Random } from './random.js';

export interface Person {
  readonly handle: string;
  /** −1 (always grumbling) to 1 (always sunny), mostly near 0. */
  readonly temper: number;
  /** How the person writes. */
  readonly style: 'plain' | 'proper' | 'lower' | 'loud';
  /** Shares of posts that carry an emoji or emoticon, and a link. */
  readonly marks: number;
  readonly links: number;
  /** Abbreviation and offset in minutes of the zone in which the person's old client writes dates. */
  readonly zone: readonly [string, number];
}

const first = [
  ...[
    'quiet',
    'sunny',
    'marla',
    'tobi',
    'juno',
    'captain',
    'little',
    'mrs',
    'greta',
    'omar',
    'pixel',
    'salty',
    'nadia',
  ],
  ...[
    'uncle',
    'lena',
    'the_real',
    'kofi',
    'dizzy',
    'ines',
    'grumpy',
    'yuki',
    'bruno',
    'miss',
    'hugo',
    'tiny',
    'anika',
  ],
];
const second = [
  ...[
    'otter',
    'bakes',
    'writes',
    'pancake',
    'on_wheels',
    'harbour',
    'teacup',
    'moth',
    'reads',
    'runs',
    'gull',
    'kite',
  ],
  ...[
    'noodle',
    'cardigan',
    'static',
    'lantern',
    'pepper',
    'at_sea',
    'crumbs',
    'foghorn',
    'pickle',
    'tulip',
    'draws',
  ],
];
const zones: readonly (readonly [string, number])[] = [
  ['PDT', -420],
  ['EST', -300],
  ['GMT', 0],
  ['BST', 60],
  ['CEST', 120],
  ['IST', 330],
  ['JST', 540],
];
const styles = ['plain', 'proper', 'lower', 'loud'] as const;

/** As on Twitter. */
const longestHandle = 15;

export function makeCast(size: number, random: Random): Person[] {
  const taken = new Set<string>();
  const cast: Person[] = [];
  while (cast.length < size) {
    const joint = random.pick(['', '_', '']);
    const digits = random.chance(0.35) ? String(random.below(98) + 2) : '';
    const handle = `${random.pick(first)}${joint}${random.pick(second)}${digits}`;
    if (taken.has(handle) || handle.length > longestHandle) continue;
    taken.add(handle);
    cast.push({
      handle: random.chance(0.2) ? handle.charAt(0).toUpperCase() + handle.slice(1) : handle,
      temper: Math.max(-1, Math.min(1, random.normal() * 0.4)),
      style: styles[random.weighted([4, 3, 3, 0.5])]!,
      marks: random.pick([0, 0.1, 0.3, 0.6]),
      links: random.pick([0, 0, 0.05, 0.3]),
      zone: random.pick(zones),
    });
  }
  return cast;
}

/** Few people write much and most write little: the n-th is picked about 1/(n + 10) as often. */
export function pickPerson(cast: readonly Person[], random: Random): Person {
  const rank = 10 * ((cast.length + 10) / 10) ** random.next() - 10;
  return cast[Math.floor(rank)]!;
}
