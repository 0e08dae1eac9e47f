/**
 * Follows posts that were typed into the page: at every commit of a table it looks for those that were not there yet. The
 * tables are the truth; a post is at a station when the station's table holds it.
 */
import type { Lake } from '../lake/lake.js';
import { pageSource } from './landing-drop.js';
import type { Journey, JourneyStage, ScoredPost } from './messages.js';

/** Only the newest are followed. */
const mostFollowed = 50;

interface Followed {
  journey: Journey;
  /** Its rows of gold: what the counts must come to hold. */
  rows: GoldRow[];
}

interface GoldRow extends ScoredPost {
  mention: string | null;
}

export class Journeys {
  readonly #lake: Lake;
  readonly #onProgress: (journey: Journey) => void;
  readonly #followed = new Map<string, Followed>();
  #looking: Promise<void> = Promise.resolve();

  /** @param onProgress told of every journey that came further */
  constructor(lake: Lake, onProgress: (journey: Journey) => void) {
    this.#lake = lake;
    this.#onProgress = onProgress;
  }

  begin(postId: string, text: string, landedAt: number): Journey {
    const journey: Journey = {
      post_id: postId,
      text,
      reached: { landed: landedAt },
      scored: null,
      quarantined: null,
    };
    this.#followed.set(postId, { journey, rows: [] });
    if (this.#followed.size > mostFollowed) this.#followed.delete(this.#followed.keys().next().value!);
    return journey;
  }

  get(postId: string): Journey | undefined {
    return this.#followed.get(postId)?.journey;
  }

  /** Whether any post may still come to this table, or to any. */
  awaits(table?: string): boolean {
    return [...this.#followed.values()].some(
      ({ journey }) =>
        isOpen(journey) && (table === undefined || table === 'quarantine' || !hasReached(journey, table)),
    );
  }

  /** Looks into one table, which was written at `at`. One look at a time; never rejects before the next may begin. */
  look(table: string, at: number): Promise<void> {
    const looked = this.#looking.then(() => this.#look(table, at));
    this.#looking = looked.catch(() => {});
    return looked;
  }

  /** When no look is under way. */
  settled(): Promise<void> {
    return this.#looking;
  }

  async #look(table: string, at: number): Promise<void> {
    const open = [...this.#followed.values()].filter(
      ({ journey }) => isOpen(journey) && !hasReached(journey, table),
    );
    if (open.length === 0) return;
    if (table === 'bronze' || table === 'silver') await this.#lookFor(open, table, at);
    if (table === 'gold') await this.#lookForScores(open, at);
    if (table === 'gold' || table === 'application') await this.#lookForCounts(open, at);
    if (table === 'quarantine') await this.#lookForRules(open);
  }

  async #lookFor(open: readonly Followed[], table: 'bronze' | 'silver', at: number): Promise<void> {
    const { text, params } = isOneOf(open);
    const { rows } = await this.#lake.sql(`SELECT DISTINCT post_id FROM ${table} WHERE ${text}`, params);
    const found = new Set(rows.map((row) => row.post_id));
    for (const followed of open) if (found.has(followed.journey.post_id)) this.#reach(followed, table, at);
  }

  async #lookForScores(open: readonly Followed[], at: number): Promise<void> {
    const { text, params } = isOneOf(open);
    const { rows } = await this.#lake.sql(
      `SELECT post_id, "user", "text", predicted_sentiment, predicted_score, epoch_ms("timestamp") AS "timestamp",
         epoch_ms(scored_at) AS scored_at, model, mention FROM gold WHERE ${text}`,
      params,
    );
    for (const followed of open) {
      followed.rows = (rows as unknown as GoldRow[]).filter(
        (row) => row.post_id === followed.journey.post_id,
      );
      const [first] = followed.rows;
      if (first === undefined) continue;
      const { mention: _, ...scored } = first;
      followed.journey = { ...followed.journey, scored };
      this.#reach(followed, 'gold', at);
    }
  }

  /** A post is counted when the newest post of each of its mentions (null for none) is not older than itself. */
  async #lookForCounts(open: readonly Followed[], at: number): Promise<void> {
    for (const followed of open) {
      const { rows, journey } = followed;
      if (rows.length === 0 || hasReached(journey, 'application')) continue;
      const mentions = [...new Set(rows.map(({ mention }) => mention))];
      const counts = await Promise.all(
        mentions.map((mention) =>
          this.#lake.sql(
            `SELECT 1 FROM application WHERE mention IS NOT DISTINCT FROM $1::VARCHAR
               AND epoch_ms(max_timestamp) >= $2::BIGINT`,
            [mention, rows[0]!.timestamp ?? 0],
          ),
        ),
      );
      if (counts.every((count) => count.rows.length > 0)) this.#reach(followed, 'application', at);
    }
  }

  async #lookForRules(open: readonly Followed[]): Promise<void> {
    const ids = open.map(({ journey }) => journey.post_id);
    const { rows } = await this.#lake.sql(
      `SELECT post_id, rule, reason FROM quarantine WHERE post_id IN (${placeholders(ids)})`,
      ids,
    );
    for (const followed of open) {
      const row = rows.find(({ post_id }) => post_id === followed.journey.post_id);
      if (row === undefined) continue;
      const quarantined = { rule: String(row.rule), reason: String(row.reason) };
      followed.journey = { ...followed.journey, quarantined };
      this.#onProgress(followed.journey);
    }
  }

  #reach(followed: Followed, stage: JourneyStage, at: number): void {
    const landed = followed.journey.reached.landed ?? at;
    const reached = { ...followed.journey.reached, [stage]: Math.max(at, landed) };
    followed.journey = { ...followed.journey, reached };
    this.#onProgress(followed.journey);
  }
}

function isOpen({ reached, quarantined }: Journey): boolean {
  return quarantined === null && reached.application === undefined;
}

function hasReached(journey: Journey, table: string): boolean {
  return journey.reached[table as JourneyStage] !== undefined;
}

function isOneOf(open: readonly Followed[]): { text: string; params: string[] } {
  const ids = open.map(({ journey }) => journey.post_id);
  return { text: `source = '${pageSource}' AND post_id IN (${placeholders(ids)})`, params: ids };
}

function placeholders(values: readonly unknown[]): string {
  return values.map((_, i) => `$${i + 1}`).join(', ');
}
