/**
 * The temporary relations of one batch in a DuckDB session, and the tally of its posts. Every post of the input either
 * reaches the output or is written down as lost, with the cause; the tally proves that nothing is missing.
 */
import { MurmurError } from '../../base/errors.js';
import type { DuckSession } from '../../duck/session.js';
import { ordColumn } from './compile.js';

export type LossCause = 'dropped' | 'superseded' | 'quarantined';

/** The 1-based position of a post in its source file; only the landing input has it. */
export const positionColumn = '__position';
/** The relation that the input is loaded into. */
export const inputRelation = 'batch_input';
export const lostTable = 'batch_lost';
export const quarantineTable = 'batch_quarantine';

/** Posts by what became of them. */
export interface Tally {
  output: number;
  outputRows: number;
  dropped: number;
  superseded: number;
  quarantined: number;
  /** Milliseconds since the epoch of the newest event, where rows have a `timestamp`. */
  newestEventMs: number | null;
}

/** A materialised relation of a batch, with the hidden columns beside the visible ones. */
export interface Relation {
  readonly name: string;
  readonly columns: readonly string[];
  readonly rows: number;
  /** Every row is a post of its own, so rows count posts. */
  readonly rowIsPost: boolean;
}

export class Workspace {
  /** Whether anything was written down as lost. */
  #lost = false;
  #quarantined = false;
  #relations = 0;

  private constructor(readonly session: DuckSession) {}

  static async open(session: DuckSession): Promise<Workspace> {
    await session.run(
      `CREATE OR REPLACE TEMP TABLE ${lostTable} (${ordColumn} BIGINT, cause VARCHAR);
       CREATE OR REPLACE TEMP TABLE ${quarantineTable} (${ordColumn} BIGINT, rule VARCHAR, reason VARCHAR,
         post_id VARCHAR, "row" VARCHAR, source_file VARCHAR, position BIGINT);`,
    );
    return new Workspace(session);
  }

  /** Clears what the last batch left. */
  async begin(): Promise<void> {
    await this.session.staging.release();
    this.#relations = 0;
    if (this.#lost) await this.session.run(`TRUNCATE ${lostTable}; TRUNCATE ${quarantineTable};`);
    this.#lost = false;
    this.#quarantined = false;
  }

  get anyQuarantined(): boolean {
    return this.#quarantined;
  }

  /** Materialises a SELECT under the next name. */
  async relation(select: string, columns: readonly string[], rowIsPost: boolean): Promise<Relation> {
    return this.materialise(`batch_${this.#relations++}`, select, columns, rowIsPost);
  }

  async materialise(
    name: string,
    select: string,
    columns: readonly string[],
    rowIsPost: boolean,
  ): Promise<Relation> {
    const rows = await this.session.scalar<number>(`CREATE OR REPLACE TEMP TABLE ${name} AS ${select}`);
    return { name, columns, rows, rowIsPost };
  }

  /** Frees a relation that no later step needs. The input stays: it knows where each post came from. */
  async drop({ name }: Relation): Promise<void> {
    if (name !== inputRelation) await this.session.run(`DROP TABLE IF EXISTS ${name}`);
  }

  /** Writes down posts as lost; `ords` is a SELECT of their `__ord`. */
  async lose(cause: LossCause, ords: string): Promise<void> {
    this.#lost = true;
    this.#quarantined ||= cause === 'quarantined';
    await this.session.run(`INSERT INTO ${lostTable} SELECT ${ordColumn}, '${cause}' FROM (${ords})`);
  }

  /** Writes down quarantine rows; `rows` is a SELECT in the columns of `batch_quarantine`. */
  async quarantine(rows: string): Promise<void> {
    await this.session.run(`INSERT INTO ${quarantineTable} ${rows}`);
    await this.lose('quarantined', `SELECT DISTINCT ${ordColumn} FROM (${rows})`);
  }

  /**
   * Counts the posts of a batch. A post with at least one row in `output` is output, whatever else befell its other
   * rows; of several causes the gravest counts.
   * @throws engine.accounting (internal) when a post went missing without a cause
   */
  async tally(inputPosts: number, output: Relation): Promise<Tally> {
    const { name, columns, rows, rowIsPost } = output;
    const timed = columns.includes('timestamp');
    const newest = timed ? 'max("timestamp")' : 'NULL';
    // Grouping is far cheaper than count(DISTINCT …).
    const byPost = rowIsPost
      ? `SELECT ${newest} AS newest, count(*) AS posts FROM ${name}`
      : `SELECT max(newest) AS newest, count(*) AS posts FROM
           (SELECT ${newest} AS newest FROM ${name} GROUP BY ${ordColumn})`;
    const [out] =
      rowIsPost && !timed
        ? [{ posts: rows, newest: null }]
        : await this.session.rows<{ posts: number; newest: number | null }>(
            `SELECT posts, ${timed ? 'epoch_ms(newest)' : 'NULL'} AS newest FROM (${byPost})`,
          );
    const lost = { dropped: 0, superseded: 0, quarantined: 0 };
    if (this.#lost)
      for (const { cause, posts } of await this.session.rows<{ cause: LossCause; posts: number }>(
        `SELECT cause, count(*) AS posts FROM (
           SELECT ${ordColumn}, CASE WHEN bool_or(cause = 'quarantined') THEN 'quarantined'
             WHEN bool_or(cause = 'dropped') THEN 'dropped' ELSE 'superseded' END AS cause
           FROM ${lostTable} ANTI JOIN ${name} USING (${ordColumn}) GROUP BY ${ordColumn}) GROUP BY cause`,
      ))
        lost[cause] = posts;
    const tally: Tally = {
      output: out?.posts ?? 0,
      outputRows: output.rows,
      ...lost,
      newestEventMs: out?.newest ?? null,
    };
    const accounted = tally.output + tally.dropped + tally.superseded + tally.quarantined;
    if (accounted !== inputPosts)
      throw new MurmurError(
        'engine.accounting',
        `accounting for ${inputPosts} posts: ${tally.output} output, ${tally.dropped} dropped, ` +
          `${tally.quarantined} quarantined, ${tally.superseded} superseded`,
        { fault: 'internal', context: { input: inputPosts, accounted } },
      );
    return tally;
  }
}
