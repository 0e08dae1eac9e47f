/**
 * When versions were committed, as Spark tells it: by the in-commit timestamp where the table has them (PROTOCOL.md,
 * "In-Commit Timestamps"), else by the time of the commit file, made strictly increasing. `commitInfo.timestamp` is what a
 * writer's clock said before it raced for the version, and decides nothing.
 */
import { MurmurError } from '../base/errors.js';
import type { Storage } from '../storage/storage.js';
import type { CommitInfo, Metadata } from './actions.js';
import { readCommit } from './log.js';
import { classifyLogFile, logFolder, versionPrefix } from './log-files.js';

/** Commits before the first one asked for that are looked at too, since equal file times push each other forward. */
const lookBack = 1000;

export class CommitTimes {
  private constructor(
    readonly storage: Storage,
    /** Milliseconds since the epoch, by version, ascending; of the commits that are still there. */
    readonly fileTimes: ReadonlyMap<number, number>,
    /** The first version with an in-commit timestamp. */
    readonly inCommitFrom: number,
  ) {}

  /** @param from the first version that will be asked for */
  static async read(storage: Storage, metadata: Metadata, from = 0): Promise<CommitTimes> {
    const times = new Map<number, number>();
    let last = Number.NEGATIVE_INFINITY;
    const after = versionPrefix(Math.max(0, from - lookBack));
    for await (const { path, mtimeMs } of storage.list(logFolder, { after })) {
      const file = classifyLogFile(path);
      if (file?.kind !== 'commit') continue;
      last = Math.max(Math.floor(mtimeMs), last + 1);
      times.set(file.version, last);
    }
    return new CommitTimes(storage, times, inCommitFrom(metadata));
  }

  /** @param info the version's `commitInfo`, read already */
  of(version: number, info: CommitInfo): number {
    const told = version >= this.inCommitFrom ? info.inCommitTimestamp : undefined;
    return told ?? this.fileTimes.get(version) ?? info.timestamp ?? 0;
  }

  /**
   * The newest version committed at or before a time.
   * @param now a time after the newest commit is fine as long as it is not later than this
   * @throws delta.no_such_version (user) for times before the first commit that is there, and for the future
   */
  async versionAt(timestamp: number, now: number): Promise<number> {
    const versions = [...this.fileTimes.keys()];
    const first = versions[0];
    const latest = versions.at(-1);
    if (first === undefined || latest === undefined || (await this.#read(first)) > timestamp) {
      const since = first === undefined ? 'nothing' : new Date(await this.#read(first)).toISOString();
      throw noVersionAt(this.storage.root, timestamp, `the log begins with ${since}`);
    }
    const newest = await this.#read(latest);
    if (timestamp > Math.max(newest, now)) {
      throw noVersionAt(
        this.storage.root,
        timestamp,
        `that is in the future, the newest is version ${latest} of ${new Date(newest).toISOString()}`,
      );
    }
    let low = 0;
    let high = versions.length;
    while (high - low > 1) {
      const middle = (low + high) >>> 1;
      if ((await this.#read(versions[middle]!)) <= timestamp) low = middle;
      else high = middle;
    }
    return versions[low]!;
  }

  async #read(version: number): Promise<number> {
    if (version < this.inCommitFrom) return this.fileTimes.get(version)!;
    const actions = (await readCommit(this.storage, version)) ?? [];
    return this.of(version, actions.find(({ commitInfo }) => commitInfo !== undefined)?.commitInfo ?? {});
  }
}

/** Where in-commit timestamps were switched on later, a property tells from which version on. */
function inCommitFrom({ configuration }: Metadata): number {
  if (configuration['delta.enableInCommitTimestamps'] !== 'true') return Number.POSITIVE_INFINITY;
  return Number(configuration['delta.inCommitTimestampEnablementVersion'] ?? 0);
}

function noVersionAt(root: string, timestamp: number, why: string): MurmurError {
  const when = new Date(timestamp).toISOString();
  return new MurmurError('delta.no_such_version', `reading ${root} as of ${when}: ${why}`, {
    fault: 'user',
    fix: 'ask for another time, or for a version number',
    context: { root, timestamp },
  });
}
