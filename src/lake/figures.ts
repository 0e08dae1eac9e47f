/**
 * What the live page shows of a lake, in the shapes of its messages. Every figure remembers the table version that it was
 * made from: asking again costs one look at the log until something was committed.
 */
import type { DuckSession } from '../duck/session.js';
import type { LabelScheme } from '../posts/labels.js';
import { streamNames, type TableName, tableNames } from '../posts/tables.js';
import { type MentionBoards, mentionBoards } from './figures-mentions.js';
import { lastScored, type ScoredPost } from './figures-posts.js';
import { type BatchSum, progressSums } from './figures-progress.js';
import { noQuality, type Quality, quality } from './figures-quality.js';
import { type LastScoring, lastScoring } from './figures-scoring.js';
import { SentimentFigure, type SentimentOverTime } from './figures-sentiment.js';
import type { LakeTable, TableAt, TableSummary } from './lake-table.js';

export interface FiguresAccess {
  table(name: TableName): LakeTable;
  withSession<T>(work: (session: DuckSession) => Promise<T>): Promise<T>;
  /** What labels mean, where the lake says it. */
  labels?: LabelScheme;
}

export class LakeFigures {
  readonly #access: FiguresAccess;
  readonly #sentiment = new SentimentFigure();
  readonly #remembered = new Map<string, { version: string; value: Promise<unknown> }>();

  constructor(access: FiguresAccess) {
    this.#access = access;
  }

  /** All six tables, also those that do not exist yet. */
  totals(): Promise<TableSummary[]> {
    return Promise.all(tableNames.map((name) => this.#access.table(name).summary()));
  }

  /** Posts of gold by predicted sentiment; a post with several mentions counts once. */
  async sentimentOverTime(): Promise<SentimentOverTime> {
    const empty: SentimentOverTime = { by: 'timestamp', widthMs: 1000, buckets: [] };
    return this.#remember('sentiment', 'gold', empty, (session, at) => this.#sentiment.update(session, at));
  }

  /** The mentions talked about most, loved most and hated most, `limit` of each. */
  topMentions(limit = 20): Promise<MentionBoards> {
    const empty: MentionBoards = { talked: [], positive: [], negative: [] };
    return this.#remember(`mentions ${limit}`, 'application', empty, (session, at) =>
      mentionBoards(session, at, limit),
    );
  }

  /** Posts of gold, once each, newest score first. */
  lastScored(limit = 20): Promise<ScoredPost[]> {
    return this.#remember<ScoredPost[]>(`posts ${limit}`, 'gold', [], (session, at) =>
      lastScored(session, at, limit),
    );
  }

  /** How right the models are whose scores stand in gold. */
  quality(): Promise<Quality> {
    return this.#remember<Quality>('quality', 'gold', noQuality, (session, at) =>
      quality(session, at, this.#access.labels),
    );
  }

  /** What the newest batches of gold tell of their scoring; null where none does. */
  lastScoring(): Promise<LastScoring | null> {
    return this.#remember<LastScoring | null>('scoring', 'gold', null, () =>
      lastScoring(this.#access.table('gold')),
    );
  }

  /**
   * What `progress` remembers of batches, added up: by the second for the ten minutes before its newest entry, coarser before
   * that. In time order.
   */
  progressHistory(): Promise<BatchSum[]> {
    return this.#remember<BatchSum[]>('progress', 'progress', [], progressSums);
  }

  /**
   * The last batch that each stream has committed, read from the tables: for when nothing runs. Null for a stream that
   * has none.
   */
  async lastCommits(): Promise<LastCommit[]> {
    return Promise.all(
      streamNames.map(async (stream): Promise<LastCommit> => {
        const at = await this.#access.table(stream).at();
        if (at === undefined) return { stream, batchId: null, tableVersion: null, rows: 0, updatedAt: null };
        const { snapshot } = at;
        const queryId = snapshot.metadata.configuration['murmur.queryId'];
        return {
          stream,
          batchId: (queryId === undefined ? undefined : snapshot.txnVersion(queryId)) ?? null,
          tableVersion: snapshot.version,
          rows: snapshot.numRecords ?? null,
          updatedAt: snapshot.timestamp,
        };
      }),
    );
  }

  async #remember<T>(
    key: string,
    table: TableName,
    empty: T,
    make: (session: DuckSession, at: TableAt) => Promise<T>,
  ): Promise<T> {
    const at = await this.#access.table(table).at();
    if (at === undefined) return empty;
    const version = `${at.snapshot.metadata.id} ${at.snapshot.version}`;
    const known = this.#remembered.get(key);
    if (known?.version === version) return known.value as Promise<T>;
    const before = known?.value.catch(() => undefined);
    const value = (async () => {
      await before;
      return this.#access.withSession((session) => make(session, at));
    })();
    this.#remembered.set(key, { version, value });
    value.catch(() => {
      if (this.#remembered.get(key)?.value === value) this.#remembered.delete(key);
    });
    return value;
  }
}

export interface LastCommit {
  stream: string;
  batchId: number | null;
  tableVersion: number | null;
  rows: number | null;
  /** Milliseconds since the epoch. */
  updatedAt: number | null;
}
