import { describe, expect, it } from 'vitest';
import { nearestName } from '../../src/config/nearest-name.js';
import { parseBytes, parseDuration } from '../../src/config/quantities.js';
import { share } from '../../src/config/units.js';

describe('sizes', () => {
  it.each([
    ['64MiB', 67_108_864],
    ['500 kB', 500_000],
    ['1.5GiB', 1_610_612_736],
    ['12', 12],
    ['12B', 12],
  ])('%s', (text, bytes) => expect(parseBytes(text)).toBe(bytes));

  it.each(['', 'MiB', '-1MiB', '64M', '1 2', '64MiBs'])('not %j', (text) =>
    expect(parseBytes(text)).toBeUndefined(),
  );
});

describe('times', () => {
  it.each([
    ['200ms', 200],
    ['60s', 60_000],
    ['1h30m', 5_400_000],
    ['7d', 604_800_000],
    ['0.5s', 500],
    ['2w', 1_209_600_000],
  ])('%s', (text, ms) => expect(parseDuration(text)).toBe(ms));

  it.each(['', '5', '5y', 's', '-1s', '1s x'])('not %j', (text) =>
    expect(parseDuration(text)).toBeUndefined(),
  );
});

describe('shares', () => {
  it('are numbers or percentages', () => {
    expect([0.99, '99%', '0.5 %'].map((value) => share().parse(value))).toEqual([0.99, 0.99, 0.005]);
    for (const bad of [1.1, '101%', 'most']) expect(share().safeParse(bad).success).toBe(false);
  });
});

describe('the nearest name', () => {
  const names = ['bronze', 'silver', 'gold', 'application'];
  it.each([
    ['bronz', 'bronze'],
    ['Gold', 'gold'],
    ['sivler', 'silver'],
    ['aplicatoin', 'application'],
  ])('%s is %s', (typed, meant) => expect(nearestName(typed, names)).toBe(meant));

  it.each(['', 'x', 'platinum', 'landing'])('%j is none', (typed) =>
    expect(nearestName(typed, names)).toBeUndefined(),
  );
});
