import { availableParallelism } from 'node:os';
import { describe, expect, it } from 'vitest';
import { grantedCores } from '../../src/scoring/granted-cores.js';

const files = (contents: Record<string, string>) => (path: string) => contents[path];

describe('granted cores', () => {
  it('are all that the scheduler allows where there is no quota', () => {
    expect(grantedCores(files({}))).toBe(availableParallelism());
    expect(grantedCores(files({ '/sys/fs/cgroup/cpu.max': 'max 100000\n' }))).toBe(availableParallelism());
    expect(
      grantedCores(
        files({
          '/sys/fs/cgroup/cpu/cpu.cfs_quota_us': '-1\n',
          '/sys/fs/cgroup/cpu/cpu.cfs_period_us': '100000\n',
        }),
      ),
    ).toBe(availableParallelism());
  });

  it("are no more than the container's quota, and at least one", () => {
    expect(grantedCores(files({ '/sys/fs/cgroup/cpu.max': '100000 100000\n' }))).toBe(1);
    expect(grantedCores(files({ '/sys/fs/cgroup/cpu.max': '20000 100000\n' }))).toBe(1);
    expect(
      grantedCores(
        files({
          '/sys/fs/cgroup/cpu/cpu.cfs_quota_us': '150000\n',
          '/sys/fs/cgroup/cpu/cpu.cfs_period_us': '100000\n',
        }),
      ),
    ).toBe(1);
  });
});
