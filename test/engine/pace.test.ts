import { describe, expect, it } from 'vitest';
import { Pace } from '../../src/engine/embedded/pace.js';

describe('the pace of batches', () => {
  it('with asap begins at once, then leaves the gap', () => {
    const pace = new Pace({ kind: 'asap', minGapMs: 200 });
    expect(pace.dueAt).toBeLessThan(0);
    pace.started(1_000);
    pace.started(pace.dueAt);
    const second = pace.dueAt;
    pace.started(second);
    expect(pace.dueAt).toBe(second + 200);
  });

  it('with asap a late batch does not make the next one late', () => {
    const pace = new Pace({ kind: 'asap', minGapMs: 200 });
    pace.started(1_000);
    pace.started(pace.dueAt);
    const due = pace.dueAt;
    pace.started(due + 30);
    expect(pace.dueAt).toBe(due + 200);
  });

  it('with asap two batches are never closer than three quarters of the gap', () => {
    const pace = new Pace({ kind: 'asap', minGapMs: 200 });
    pace.started(1_000);
    pace.started(60_000);
    expect(pace.dueAt).toBe(60_150);
  });

  it('with an interval counts from each start', () => {
    const pace = new Pace({ kind: 'interval', everyMs: 60_000 });
    pace.started(1_000);
    expect(pace.dueAt).toBe(61_000);
    pace.started(61_500);
    expect(pace.dueAt).toBe(121_500);
  });

  it('with available-now never waits', () => {
    const pace = new Pace({ kind: 'available-now' });
    pace.started(1_000);
    expect(pace.dueAt).toBeLessThan(0);
  });
});
