/** Whose runs are whose: which lake a run belongs to, and which experiment its runs are in. */
import { createHash, randomUUID } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import { hostname, userInfo } from 'node:os';
import { basename, join } from 'node:path';
import { pid } from 'node:process';
import type { Environment } from '../../config/interpolate.js';
import type { Lake } from '../../lake/lake.js';
import type { RunOwner } from '../../mlflow/index.js';
import { LocalStorage } from '../../storage/local.js';

/** A lake's own mark in its `run/`: lakes of one path on two machines are two lakes. */
const markFile = 'lake-id';

export type RunKind = 'pipeline' | 'evaluation' | 'comparison' | 'rescoring';

/** @param alone whether this process holds the lake, so that no other run of the kind can be alive */
export async function runOwner(lake: Lake, kind: RunKind, alone: boolean): Promise<RunOwner> {
  const mark = await markOf(lake.paths.run);
  return {
    // Of a lake that was copied with its mark the folder tells the two apart.
    lake: createHash('sha256').update(`${mark}\n${lake.dir}`).digest('hex').slice(0, 32),
    ...processOwner(kind, alone),
  };
}

/** Of a run without a lake: its folder stands for one. */
export function folderOwner(folder: string, kind: RunKind): RunOwner {
  const lake = createHash('sha256').update(`${hostname()}\n${folder}`).digest('hex').slice(0, 32);
  return { lake, ...processOwner(kind, false) };
}

/** `MLFLOW_EXPERIMENT_NAME`, else the folder's name; Databricks wants a path of its workspace. */
export function experimentOf(folder: string, storeUri: string, env: Environment): string {
  const given = env.MLFLOW_EXPERIMENT_NAME?.trim();
  if (given) return given;
  return storeUri === 'databricks' ? `/Shared/${basename(folder)}` : basename(folder) || 'murmur';
}

/** Undefined where the system has no name for the user, as in some containers. */
export function userName(): string | undefined {
  try {
    return userInfo().username;
  } catch {
    return undefined;
  }
}

function processOwner(kind: RunKind, alone: boolean): Omit<RunOwner, 'lake'> {
  return { kind, host: hostname(), pid, processStart: Math.floor(performance.timeOrigin), alone };
}

async function markOf(run: string): Promise<string> {
  await mkdir(run, { recursive: true });
  await new LocalStorage(run).putIfAbsent(markFile, Buffer.from(randomUUID()));
  return (await readFile(join(run, markFile), 'utf8')).trim();
}
