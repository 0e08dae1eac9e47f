import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { DuckDatabase, type DuckSession } from '../../src/duck/index.js';
import { LocalStorage } from '../../src/storage/local.js';

export interface OpenDuck {
  dir: string;
  /** Of that folder. */
  storage: LocalStorage;
  database: DuckDatabase;
  session: DuckSession;
}

/** A database and an empty folder for the tests of a file; both go when the last of them has ended. */
export async function openDuck(): Promise<OpenDuck> {
  const dir = await mkdtemp(join(tmpdir(), 'murmur-duck-test-'));
  const database = await DuckDatabase.open({ threads: 2 });
  afterAll(async () => {
    await database.close();
    await rm(dir, { recursive: true, force: true });
  });
  return { dir, storage: new LocalStorage(dir), database, session: await database.connect() };
}
