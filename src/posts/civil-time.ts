/**
 * Calendar fields to an instant, in the proleptic Gregorian calendar, years 1 to 9999. What does not exist is refused
 * with a reason and never rolled over: no 30 February, no 24:00, no leap second (microseconds since the epoch have no
 * place for one).
 */

export interface CivilTime {
  year: number;
  /** 1 to 12 */
  month: number;
  day: number;
  hour: number;
  minute: number;
  second: number;
  /** Microseconds within the second. */
  micros: number;
  /** Minutes east of UTC. */
  offset: number;
}

/** Microseconds since the epoch, or why there are none. */
export type Instant = { readonly micros: bigint } | { readonly error: string };

const monthLengths = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
const minSeconds = -62_135_596_800; // 0001-01-01T00:00:00Z
const maxSeconds = 253_402_300_799; // 9999-12-31T23:59:59Z

export const outOfRange: Instant = { error: 'out of range' };

export function instantOf(t: CivilTime): Instant {
  if (t.year < 1) return outOfRange;
  if (t.month < 1 || t.month > 12) return { error: 'no such month' };
  if (t.day < 1 || t.day > daysInMonth(t.year, t.month)) return { error: 'no such day' };
  if (t.hour > 23 || t.minute > 59 || t.second > 59) return { error: 'no such time' };
  const seconds =
    daysSinceEpoch(t.year, t.month, t.day) * 86_400 + t.hour * 3_600 + (t.minute - t.offset) * 60 + t.second;
  if (seconds < minSeconds || seconds > maxSeconds) return outOfRange;
  return { micros: BigInt(seconds) * 1_000_000n + BigInt(t.micros) };
}

/** An instant that was counted elsewhere, held to the same years. */
export function boundedInstant(micros: bigint): Instant {
  const inside = micros >= BigInt(minSeconds) * 1_000_000n && micros < BigInt(maxSeconds + 1) * 1_000_000n;
  return inside ? { micros } : outOfRange;
}

function daysInMonth(year: number, month: number): number {
  const leap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  return month === 2 && leap ? 29 : monthLengths[month - 1]!;
}

/** Counts from 1 March, so that the leap day is a year's last; 719,468 days lie between 0000-03-01 and the epoch. */
function daysSinceEpoch(year: number, month: number, day: number): number {
  const y = month > 2 ? year : year - 1;
  const monthFromMarch = (month + 9) % 12;
  const dayOfYear = Math.floor((153 * monthFromMarch + 2) / 5) + day - 1;
  return y * 365 + Math.floor(y / 4) - Math.floor(y / 100) + Math.floor(y / 400) + dayOfYear - 719_468;
}
