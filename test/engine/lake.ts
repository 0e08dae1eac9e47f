/**
 * A lake in a temporary folder with the real rooms around the engine: files source, DuckDB, Delta tables, posts. The scorer
 * is the one that counts words, unless a test gives another.
 */
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DeltaLog } from '../../src/delta/index.js';
import {
  DuckDatabase,
  DuckParquetHandler,
  type DuckSession,
  type RegisteredTable,
  type Row,
  registerTables,
} from '../../src/duck/index.js';
import {
  type EmbeddedContext,
  type EmbeddedRun,
  parquetRowCounter,
  startEmbedded,
} from '../../src/engine/embedded/index.js';
import type { QueryDefinition, QueryEvent, Trigger } from '../../src/engine/engine.js';
import type { Expectation } from '../../src/engine/expectation.js';
import { medallion } from '../../src/pipeline/medallion.js';
import { canonicalPost } from '../../src/posts/canonical.js';
import { duckFunctions } from '../../src/posts/functions.js';
import { type StreamName, tableNames, tables } from '../../src/posts/tables.js';
import { zoneTable } from '../../src/posts/zones.js';
import { LexiconScorer } from '../../src/scoring/lexicon-scorer.js';
import { openFileSource } from '../../src/sources/files/file-source.js';
import { LocalStorage } from '../../src/storage/local.js';

const plans = medallion({ neutralInTotal: false });

export interface QueryChoice {
  expect?: readonly Expectation[];
  trigger?: Trigger;
  posts?: number;
  stamp?: Record<string, string>;
}

export function query(name: StreamName, choice: QueryChoice = {}): QueryDefinition {
  return {
    name,
    plan: plans[name],
    expectations: choice.expect ?? [],
    trigger: choice.trigger ?? { kind: 'available-now' },
    limits: { posts: choice.posts ?? 5_000, bytes: 32 * 1024 * 1024, files: 1_000 },
    stamp: choice.stamp ?? { mentions: 'twitter' },
  };
}

export class TestLake {
  readonly dir: string;
  readonly #open: { close(): Promise<unknown> }[] = [];
  #reader: Promise<{ session: DuckSession; parquet: DuckParquetHandler }> | undefined;

  /** @param like a lake of which this one is a copy; `parent` is the folder that it is made in */
  constructor({ like, parent = tmpdir() }: { like?: TestLake; parent?: string } = {}) {
    this.dir = mkdtempSync(join(parent, 'murmur-engine-'));
    if (like) cpSync(like.dir, this.dir, { recursive: true, preserveTimestamps: true });
    else mkdirSync(join(this.dir, 'landing'));
  }

  path(...parts: string[]): string {
    return join(this.dir, ...parts);
  }

  /** Lands a file of NDJSON lines; objects become JSON. */
  land(name: string, lines: readonly (object | string)[]): void {
    const text = lines.map((line) => `${typeof line === 'string' ? line : JSON.stringify(line)}\n`).join('');
    writeFileSync(this.path('landing', name), text);
  }

  async context(change: Partial<EmbeddedContext> = {}): Promise<EmbeddedContext> {
    const duck = await DuckDatabase.open({ threads: 2 });
    this.#open.push(duck);
    const clock = change.clock ? { clock: change.clock } : {};
    return {
      tables: new LocalStorage(this.path('tables')),
      checkpoints: new LocalStorage(this.path('checkpoints')),
      landing: {
        name: 'landing/',
        open: (state) =>
          openFileSource({
            storage: new LocalStorage(this.path('landing')),
            state,
            countParquetRows: parquetRowCounter(duck),
            ...clock,
          }),
        canonical: (record, time) => canonicalPost(record, {}, time),
      },
      duck,
      delta: { parquet: new DuckParquetHandler(duck), engineInfo: 'murmur/test', ...clock },
      scorer: async () => new LexiconScorer(),
      functions: duckFunctions({ mentions: 'twitter', zones: zoneTable(), neutralId: null }),
      contracts: tables,
      ...change,
    };
  }

  /** Starts queries as a new process would. */
  async start(
    queries: readonly QueryDefinition[],
    change: Partial<EmbeddedContext> = {},
  ): Promise<EmbeddedRun> {
    const run = await startEmbedded(await this.context(change), queries);
    this.#open.push({ close: () => run.close(0) });
    return run;
  }

  /** Runs queries until they end, and gives what they told. */
  async runOnce(
    queries: readonly QueryDefinition[],
    change: Partial<EmbeddedContext> = {},
  ): Promise<{ events: QueryEvent[]; error: unknown; run: EmbeddedRun }> {
    const run = await this.start(queries, change);
    const events: QueryEvent[] = [];
    const subscription = run.events.subscribe(100_000);
    const error = await run.done.then(
      () => undefined,
      (e) => e,
    );
    await run.close(1_000);
    for await (const event of subscription) events.push(event);
    return { events, error, run };
  }

  /** Rows of a query over the lake's tables as they are now. */
  async sql<T = Row>(text: string): Promise<T[]> {
    const [rows] = await this.sqls([text]);
    return rows as T[];
  }

  /** The same for several queries over one state of the lake. */
  async sqls(texts: readonly string[]): Promise<Row[][]> {
    this.#reader ??= this.#openReader();
    const { session, parquet } = await this.#reader;
    const found: Record<string, RegisteredTable> = {};
    for (const name of tableNames) {
      if (!texts.some((text) => text.includes(name))) continue;
      const storage = new LocalStorage(this.path('tables', name));
      const table = await DeltaLog.openIfExists(storage, { parquet });
      found[name] = table ? { snapshot: table.snapshot, storage } : { schema: tables[name] };
    }
    await registerTables(session, found);
    const results: Row[][] = [];
    for (const text of texts) results.push(await session.rows(text));
    return results;
  }

  async #openReader() {
    const duck = await DuckDatabase.open({ threads: 1 });
    this.#open.push(duck);
    return { session: await duck.connect(), parquet: new DuckParquetHandler(duck) };
  }

  async table(name: string): Promise<DeltaLog> {
    const duck = await DuckDatabase.open({ threads: 1 });
    this.#open.push(duck);
    return DeltaLog.open(new LocalStorage(this.path('tables', name)), {
      parquet: new DuckParquetHandler(duck),
    });
  }

  async remove(): Promise<void> {
    for (const resource of this.#open.reverse()) await resource.close();
    rmSync(this.dir, { recursive: true, force: true });
  }
}

/** Posts with ids `from`… and `mentions` mentions each. */
export function posts(count: number, from = 0, mentions = 2): Record<string, string>[] {
  return Array.from({ length: count }, (_, i) => {
    const n = from + i;
    const names = Array.from({ length: mentions }, (_, m) => `@friend${(n + m) % 7}`).join(' ');
    return {
      id_str: String(n),
      user: `user${n % 5}`,
      created_at: 'Mon Apr 06 22:19:45 PDT 2009',
      text: `${names} what a ${n % 2 ? 'good' : 'bad'} day, number ${n}`.trim(),
    };
  });
}
