/**
 * The page's feed from a lake: figures from the tables, and the state of the pipeline from the run itself, where one is
 * handed in or answers on the control socket. Without a run the tables are looked at every few seconds while somebody
 * watches, so yesterday's data and tables that others write show as well.
 */
import { basename } from 'node:path';
import { asMurmurError, MurmurError } from '../base/errors.js';
import type { Lake } from '../lake/lake.js';
import { BatchHistory } from './batch-history.js';
import type { DashboardFeed, FeedChange } from './feed.js';
import { Journeys } from './journeys.js';
import { dropPost } from './landing-drop.js';
import { type LiveRun, type RunEvent, type RunStatus, runOf } from './live-run.js';
import type { Journey, LakeLabel, PageParts, Part, PostDraft } from './messages.js';
import { modelCounting } from './model-counting.js';
import { Behind, Paced } from './pace.js';
import { newestProgress, restingStatus } from './resting-streams.js';

/** The tables that a post passes, in order; each has a stream of its name. */
const streamTables = ['bronze', 'silver', 'gold', 'application'];
/** Which figures show a table. */
const shownBy: Readonly<Record<string, readonly Part[]>> = {
  gold: ['sentiment', 'posts', 'quality'],
  application: ['mentions'],
};

/** Parts that are computed from tables. */
type Figure = Exclude<Part, 'history' | 'flow'>;

interface FigureReader<T> {
  read(): Promise<T>;
  close(): void;
}

export interface LakeFeedOptions {
  lake: Lake;
  /** A run of this process; without it the control socket is asked. */
  run?: LiveRun;
  /** How the landing place expects posts (`format` of murmur.yaml); typed ones are NDJSON. Default `auto`. */
  format?: string;
  /** As murmur.yaml says it; default 0.25. */
  driftLimit?: number;
  /** Without a run of its own: how often it looks whether tables moved or a run came. Default 2 s. */
  lookEveryMs?: number;
  now?(): number;
  /** Told of what went wrong behind the page; it goes on. */
  onError?(error: unknown): void;
}

export class LakeFeed implements DashboardFeed {
  readonly lake: LakeLabel;
  readonly #lake: Lake;
  readonly #options: LakeFeedOptions;
  readonly #listeners = new Set<(change: FeedChange) => void>();
  readonly #journeys: Journeys;
  readonly #figures: { [P in Figure]: FigureReader<PageParts[P]> };
  readonly #versions = new Map<string, number | null>();
  #history = new BatchHistory(streamTables);
  /** When the newest batch that history took from the table began, by stream. */
  #restoredUpTo = new Map<string, number>();
  #run: LiveRun | undefined;
  #attaching: Promise<void> | undefined;
  #ready: Promise<void>;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  /** Reads nothing but the history of batches; with a run, its events from now on. */
  constructor(options: LakeFeedOptions) {
    const { lake } = options;
    this.#lake = lake;
    this.#options = options;
    this.lake = { name: basename(lake.dir), dir: lake.dir, landing: lake.paths.landing };
    this.#journeys = new Journeys(lake, (journey) => this.#tell({ journey }));
    const paced = <P extends Part>(part: P, make: () => Promise<PageParts[P]>) =>
      new Paced(make, () => this.#tell({ part }));
    this.#figures = {
      tables: paced('tables', () => lake.figures.totals()),
      sentiment: paced('sentiment', () => lake.figures.sentimentOverTime()),
      mentions: paced('mentions', () => lake.figures.topMentions()),
      posts: paced('posts', () => lake.figures.lastScored()),
      quality: new Behind(
        modelCounting(lake, options.driftLimit ?? 0.25),
        () => this.#tell({ part: 'quality' }),
        (error) => this.#complain(error),
      ),
    };
    if (options.run !== undefined) this.#follow(options.run);
    this.#ready = this.#restore();
  }

  async read<P extends Part>(part: P): Promise<PageParts[P]> {
    if (part === 'flow') return (await this.#flow()) as PageParts[P];
    if (part === 'history') {
      await this.#ready;
      return this.#history.message() as PageParts[P];
    }
    return this.#figures[part as Figure].read() as Promise<PageParts[P]>;
  }

  subscribe(listener: (change: FeedChange) => void): () => void {
    this.#listeners.add(listener);
    if (this.#listeners.size === 1) this.#lookSoon();
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size > 0) return;
      clearTimeout(this.#timer);
      this.#timer = undefined;
    };
  }

  async post(draft: PostDraft): Promise<Journey> {
    const { format = 'auto' } = this.#options;
    if (format === 'csv' || format === 'parquet') {
      throw new MurmurError(
        'dashboard.other_format',
        `typing a post into a landing place of ${format} files`,
        {
          fault: 'user',
          fix: 'With format: auto in murmur.yaml, files of different kinds may stand side by side.',
        },
      );
    }
    const at = this.#now();
    const postId = await dropPost(this.#lake, draft, at);
    return this.#journeys.begin(postId, draft.text, at);
  }

  async journey(postId: string): Promise<Journey | undefined> {
    if (this.#journeys.awaits()) await this.#lookForPosts();
    return this.#journeys.get(postId);
  }

  async start(stream: string): Promise<void> {
    await (await this.#running()).start(stream);
  }

  async stop(stream: string): Promise<void> {
    await (await this.#running()).stop(stream);
  }

  /** Ends looking and listening, and waits for what it is reading; the lake and the run stay as they are. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#run?.release?.();
    this.#listeners.clear();
    clearTimeout(this.#timer);
    for (const figure of Object.values(this.#figures)) figure.close();
    await Promise.allSettled([this.#attaching, this.#ready, this.#journeys.settled()]);
  }

  async #flow(): Promise<PageParts['flow']> {
    await this.#attach();
    const status = await this.#status();
    if (status !== undefined) return { running: true, ...status };
    const [commits, newest] = await Promise.all([
      this.#lake.figures.lastCommits(),
      newestProgress(this.#lake),
    ]);
    const resting = commits.map((commit) => restingStatus(commit, newest.get(commit.stream)));
    return { running: false, streams: resting, model: null };
  }

  /** Of the run; undefined when there is none, or when it ended while it was asked. */
  async #status(): Promise<RunStatus | undefined> {
    try {
      return await this.#run?.status();
    } catch (error) {
      if (asMurmurError(error).code !== 'lake.run_ended') throw error;
      return undefined;
    }
  }

  async #running(): Promise<LiveRun> {
    await this.#attach();
    if (this.#run !== undefined) return this.#run;
    throw new MurmurError('dashboard.not_running', 'starting or stopping a stream while no pipeline runs', {
      fault: 'user',
      fix: 'murmur run',
    });
  }

  /** Looks for a run of another process, unless there is one or this process had its own. */
  #attach(): Promise<void> {
    if (this.#run !== undefined || this.#options.run !== undefined) return Promise.resolve();
    this.#attaching ??= runOf(this.#lake)
      .then(async (run) => {
        if (run === undefined || this.#closed) return;
        this.#follow(run);
        this.#ready = this.#restore();
        await this.#ready;
      })
      .finally(() => {
        this.#attaching = undefined;
      });
    return this.#attaching;
  }

  /** Takes a run's events until it ends. */
  #follow(run: LiveRun): void {
    this.#run = run;
    const take = async () => {
      try {
        for await (const event of run.events()) {
          if (this.#closed) return;
          await this.#ready;
          this.#note(event);
        }
      } catch (error) {
        this.#complain(error);
      }
      this.#run = undefined;
      for (const part of ['flow', 'tables'] as const) this.#tell({ part });
    };
    void take();
  }

  #note({ type, stream, at, progress }: RunEvent): void {
    this.#tell({ part: 'flow' });
    if (type !== 'batch_committed' || progress === undefined || stream === undefined) return;
    if (Math.floor(progress.started_at) > (this.#restoredUpTo.get(stream) ?? Number.NEGATIVE_INFINITY)) {
      const { input_posts, output_rows, duration_ms } = progress;
      this.#tell({ batch: this.#history.add({ stream, at, input_posts, output_rows, duration_ms }) });
    }
    this.#tellOf(stream);
    if (this.#journeys.awaits(stream))
      this.#journeys.look(stream, at).catch((error) => this.#complain(error));
    if (progress.quarantined_posts > 0 && this.#journeys.awaits('quarantine')) {
      this.#journeys.look('quarantine', at).catch((error) => this.#complain(error));
    }
  }

  /** Fills the graphs from the progress table, in the place of what they held. */
  async #restore(): Promise<void> {
    try {
      const newest = await newestProgress(this.#lake);
      const sums = await this.#lake.figures.progressHistory();
      const history = new BatchHistory(streamTables, this.#history.message().seq + 1);
      for (const sum of sums) history.restore(sum);
      this.#history = history;
      this.#restoredUpTo = new Map([...newest].map(([stream, progress]) => [stream, progress.started_at]));
      this.#tell({ part: 'history' });
    } catch (error) {
      this.#complain(error);
    }
  }

  #lookSoon(): void {
    if (this.#closed || this.#timer !== undefined) return;
    this.#timer = setTimeout(async () => {
      await this.#look().catch((error) => this.#complain(error));
      this.#timer = undefined;
      if (this.#listeners.size > 0) this.#lookSoon();
    }, this.#options.lookEveryMs ?? 2_000).unref();
  }

  /** What events would have told: which tables have moved, and whether a run has come. */
  async #look(): Promise<void> {
    const had = this.#run !== undefined;
    await this.#attach();
    if (!had && this.#run !== undefined) this.#tell({ part: 'flow' });
    if (had && !this.#journeys.awaits()) return;
    const moved: string[] = [];
    for (const { table, version } of await this.#lake.figures.totals()) {
      if (this.#versions.get(table) !== version) moved.push(table);
      this.#versions.set(table, version);
    }
    for (const table of moved) this.#tellOf(table);
    if (moved.includes('progress') && this.#run === undefined) {
      await this.#restore();
      this.#tell({ part: 'flow' });
    }
    if (this.#journeys.awaits()) await this.#lookForPosts();
  }

  async #lookForPosts(): Promise<void> {
    for (const table of [...streamTables, 'quarantine']) await this.#journeys.look(table, this.#now());
  }

  #tellOf(table: string): void {
    for (const part of ['tables', ...(shownBy[table] ?? [])] as Part[]) this.#tell({ part });
  }

  #tell(change: FeedChange): void {
    for (const listener of this.#listeners) listener(change);
  }

  #now(): number {
    return (this.#options.now ?? Date.now)();
  }

  /** That a run ends while it is asked is no fault. */
  #complain(error: unknown): void {
    if (this.#closed || asMurmurError(error).code === 'lake.run_ended') return;
    this.#options.onError?.(error);
  }
}
