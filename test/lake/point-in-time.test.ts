import { describe, expect, it } from 'vitest';
import { millisOf } from '../../src/lake/point-in-time.js';

const now = Date.UTC(2026, 10, 21, 12);

describe('a time as people write it', () => {
  it.each([
    ['2026-11-21', '2026-11-21T00:00:00.000Z'],
    ['2026-11-21 10:00', '2026-11-21T10:00:00.000Z'],
    ['2026-11-21T10:00:00.5', '2026-11-21T10:00:00.500Z'],
    ['2026-11-21T10:00:00+02:00', '2026-11-21T08:00:00.000Z'],
    ['2h ago', '2026-11-21T10:00:00.000Z'],
    ['1d12h ago', '2026-11-20T00:00:00.000Z'],
  ])('%s', (text, iso) => expect(new Date(millisOf(text, now)).toISOString()).toBe(iso));

  it('may be a Date or milliseconds', () => {
    expect(millisOf(new Date(5))).toBe(5);
    expect(millisOf(7)).toBe(7);
  });

  it.each(['yesterday', '', '2026', 'soon ago', '2026-13-01', '12'])('not %j', (text) =>
    expect(() => millisOf(text, now)).toThrow(expect.objectContaining({ code: 'lake.bad_timestamp' })),
  );
});
