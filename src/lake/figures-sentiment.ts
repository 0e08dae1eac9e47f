/**
 * Sentiment over time, kept up to date by reading only what gold was given since the last time. A post's rows all come with
 * one commit, so posts are counted distinct within it and added; a commit that takes rows away means counting anew.
 */
import type { AddFile } from '../delta/actions.js';
import { scanSql } from '../duck/scan.js';
import type { DuckSession } from '../duck/session.js';
import { BoundedSeries } from '../figures/bounded-series.js';
import { bucketWidth } from '../figures/bucket-width.js';
import type { TableAt } from './lake-table.js';

export interface SentimentBucket {
  at: number;
  positive: number;
  neutral: number;
  negative: number;
}

export interface SentimentOverTime {
  /** Whose time: the posts' own, or when they were scored (where no post has a time of its own). */
  by: 'timestamp' | 'scored_at';
  widthMs: number;
  /** In time order, without empty ones. */
  buckets: SentimentBucket[];
}

const names = ['positive', 'neutral', 'negative'] as const;
type Name = (typeof names)[number];
const mostBuckets = 600;

interface Counted {
  tableId: string;
  version: number;
  by: SentimentOverTime['by'];
  series: BoundedSeries<Name>;
}

export class SentimentFigure {
  #counted: Counted | undefined;

  /** The figure for this state of gold. */
  async update(session: DuckSession, at: TableAt): Promise<SentimentOverTime> {
    const added = await this.#addedSince(at);
    if (this.#counted === undefined || added === undefined) await this.#countAnew(session, at);
    else if (added.length > 0) await this.#count(session, at, added, this.#counted);
    const { by, series } = this.#counted!;
    this.#counted!.version = at.snapshot.version;
    const { widthMs, at: starts, ...columns } = series.columns();
    const buckets = starts.map((start, i) => ({
      at: start,
      positive: columns.positive[i]!,
      neutral: columns.neutral[i]!,
      negative: columns.negative[i]!,
    }));
    return { by, widthMs, buckets };
  }

  /** Files that came since; undefined when rows went, or the log does not say. */
  async #addedSince({ snapshot, table }: TableAt): Promise<AddFile[] | undefined> {
    const counted = this.#counted;
    if (
      counted === undefined ||
      counted.tableId !== snapshot.metadata.id ||
      counted.version > snapshot.version
    ) {
      return undefined;
    }
    const added: AddFile[] = [];
    try {
      for await (const { actions } of table.commits(counted.version + 1, snapshot.version)) {
        for (const { add, remove } of actions) {
          if (remove?.dataChange) return undefined;
          if (add?.dataChange) added.push(add);
        }
      }
    } catch {
      return undefined;
    }
    // Compaction may have put them into other files meanwhile, which hold more than what is new.
    return added.every((file) => snapshot.has(file)) ? added : undefined;
  }

  async #countAnew(session: DuckSession, at: TableAt): Promise<void> {
    const { snapshot, table } = at;
    const scan = await scanSql(session, snapshot, table.storage, { columns: ['timestamp'] });
    const dated = await session.scalar<boolean>(`SELECT count("timestamp") > 0 FROM (${scan})`);
    this.#counted = {
      tableId: snapshot.metadata.id,
      version: snapshot.version,
      by: dated ? 'timestamp' : 'scored_at',
      series: new BoundedSeries(names, { widthMs: 1000, points: mostBuckets, whenFull: 'widen' }),
    };
    await this.#count(session, at, snapshot.files, this.#counted);
  }

  async #count(
    session: DuckSession,
    at: TableAt,
    files: readonly AddFile[],
    counted: Counted,
  ): Promise<void> {
    const { snapshot, table } = at;
    const columns = ['timestamp', 'scored_at', 'post_id', 'source', 'predicted_sentiment'];
    const scan = await scanSql(session, snapshot, table.storage, { files, columns });
    if (counted.by === 'scored_at') {
      const dated = await session.scalar<boolean>(`SELECT count("timestamp") > 0 FROM (${scan})`);
      if (dated) return this.#countAnew(session, at);
    }
    const times = `SELECT *, epoch_ms("${counted.by}") AS moment FROM (${scan}) WHERE "${counted.by}" IS NOT NULL`;
    const [span] = await session.rows<{ first: number | null; last: number | null }>(
      `SELECT min(moment) AS first, max(moment) AS last FROM (${times})`,
    );
    if (span === undefined || span.first === null || span.last === null) return;
    const width = Math.max(counted.series.columns().widthMs, bucketWidth(span.first, span.last, mostBuckets));
    const posts = (name: Name) =>
      `count(DISTINCT (source, post_id)) FILTER (predicted_sentiment = '${name}') AS ${name}`;
    const rows = await session.rows<SentimentBucket>(
      `SELECT floor(moment / ${width})::BIGINT * ${width} AS "at", ${names.map(posts).join(', ')} FROM (${times}) GROUP BY 1 ORDER BY 1`,
    );
    for (const { at: start, ...sums } of rows) counted.series.add(start, sums);
  }
}
