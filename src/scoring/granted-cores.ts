/** How many cores this process may really use: what the scheduler allows, and no more than a container's quota. */
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';

/** At least 1. The affinity mask and the CPU quota of the control group (versions 1 and 2) both count. */
export function grantedCores(read: (path: string) => string | undefined = readIfThere): number {
  const quota = quotaV2(read('/sys/fs/cgroup/cpu.max')) ?? quotaV1(read);
  const cores = availableParallelism();
  return quota === undefined ? cores : Math.max(1, Math.min(cores, Math.floor(quota)));
}

/** `max 100000` or `150000 100000`: quota and period in microseconds. */
function quotaV2(text: string | undefined): number | undefined {
  const [quota, period] = (text ?? '').trim().split(/\s+/).map(Number);
  return ratio(quota, period);
}

function quotaV1(read: (path: string) => string | undefined): number | undefined {
  const folder = '/sys/fs/cgroup/cpu';
  return ratio(Number(read(`${folder}/cpu.cfs_quota_us`)), Number(read(`${folder}/cpu.cfs_period_us`)));
}

function ratio(quota: number | undefined, period: number | undefined): number | undefined {
  return quota !== undefined && period !== undefined && quota > 0 && period > 0 ? quota / period : undefined;
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
