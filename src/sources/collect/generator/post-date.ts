import type { Person } from './cast.js';
import type { Random } from './random.js';

const days = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/**
 * The `created_at` of a post: Twitter's own form in nearly all, and in a few what real feeds hold as well: a zone's
 * abbreviation, ISO 8601, epoch milliseconds, a day that does not exist, or nothing.
 */
export function postDate(at: number, author: Person, random: Random): string | number | undefined {
  const odd = random.next();
  if (odd < 0.96) return twitterDate(at, '+0000', 0);
  if (odd < 0.98) return twitterDate(at, ...author.zone);
  if (odd < 0.988) return new Date(at).toISOString();
  if (odd < 0.993) return at;
  if (odd < 0.995) return twitterDate(at, '+0000', 0).replace(/ [A-Z][a-z]{2} \d\d /, ' Feb 30 ');
  return undefined;
}

/** `Mon Apr 06 22:19:45 PDT 2009` for an instant in milliseconds, on the clock of a zone. */
export function twitterDate(at: number, zone: string, offsetMinutes: number): string {
  const wall = new Date(at + offsetMinutes * 60_000);
  const day = String(wall.getUTCDate()).padStart(2, '0');
  const time = wall.toISOString().slice(11, 19);
  return `${days[wall.getUTCDay()]} ${months[wall.getUTCMonth()]} ${day} ${time} ${zone} ${wall.getUTCFullYear()}`;
}
