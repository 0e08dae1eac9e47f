/** Delta tables of one place, each opened once and brought up to date at every use. */
import { bounded } from '../base/bounded.js';
import { type DeltaEnv, DeltaLog } from '../delta/delta-log.js';
import { commitPath } from '../delta/log-files.js';
import type { Storage } from '../storage/storage.js';

interface Opened {
  table: DeltaLog;
  /** Of the newest commit file that was read: tells a table that was dropped and made anew from one that stood still. */
  mtimeMs: number | undefined;
}

export class OpenTables {
  readonly #opened = new Map<string, Promise<Opened | undefined>>();

  constructor(
    readonly storage: Storage,
    readonly env: DeltaEnv,
  ) {}

  /** The table at its newest version; undefined when there is none of this name. */
  async open(name: string): Promise<DeltaLog | undefined> {
    const current = (this.#opened.get(name) ?? Promise.resolve(undefined)).then((opened) =>
      this.#refresh(name, opened),
    );
    this.#opened.set(
      name,
      current.catch(() => undefined),
    );
    return (await current)?.table;
  }

  /** Names of the folders that hold a Delta log, sorted. */
  async names(): Promise<string[]> {
    const names = await this.storage.folders('');
    const hasLog = await bounded(names, 8, async (name) => {
      for await (const _ of this.storage.list(`${name}/_delta_log/`)) return true;
      return false;
    });
    return names.filter((_, i) => hasLog[i]);
  }

  async #refresh(name: string, opened: Opened | undefined): Promise<Opened | undefined> {
    if (opened !== undefined) {
      const { version } = opened.table.snapshot;
      const unchanged =
        (await this.#mtimeOf(name, version)) === opened.mtimeMs && opened.mtimeMs !== undefined;
      if (unchanged) {
        const snapshot = await opened.table.update();
        if (snapshot.version === version) return opened;
        return { table: opened.table, mtimeMs: await this.#mtimeOf(name, snapshot.version) };
      }
    }
    const table = await DeltaLog.openIfExists(this.storage.at(name), this.env);
    return table && { table, mtimeMs: await this.#mtimeOf(name, table.snapshot.version) };
  }

  async #mtimeOf(name: string, version: number): Promise<number | undefined> {
    return (await this.storage.stat(`${name}/${commitPath(version)}`))?.mtimeMs;
  }
}
