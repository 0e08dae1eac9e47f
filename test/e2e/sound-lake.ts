/** The proof that a lake holds each post exactly once, through all layers. */
import { expect } from 'vitest';
import type { Ledger } from './ledger.js';
import { sqlRows } from './murmur.js';

/** Fails unless every layer holds exactly what the ledger says. */
export async function expectSoundLake(lake: string, ledger: Ledger): Promise<void> {
  const [counts] = await sqlRows<Record<string, number>>(
    lake,
    `select (select count(*) from bronze) bronze,
       (select count(distinct post_id) from bronze) bronze_posts,
       (select count(*) from silver) silver,
       (select count(distinct post_id) from silver) silver_posts,
       (select count(*) from gold) gold,
       (select count(distinct post_id) from gold) gold_posts,
       (select count(*) from gold where predicted_sentiment is null or predicted_score is null or model is null) unscored,
       (select coalesce(sum(positive + negative + neutral), 0)::bigint from application) application,
       (select count(*) from application) application_rows,
       (select count(distinct mention) from application) application_mentions,
       (select count(*) from quarantine) quarantine`,
  );
  expect(counts).toEqual({
    bronze: ledger.posts,
    bronze_posts: ledger.posts,
    silver: ledger.silverRows,
    silver_posts: ledger.posts,
    gold: ledger.silverRows,
    gold_posts: ledger.posts,
    unscored: 0,
    application: ledger.silverRows,
    application_rows: ledger.mentions.size + (ledger.postsWithMention < ledger.posts ? 1 : 0),
    application_mentions: ledger.mentions.size,
    quarantine: 0,
  });

  const totals = await sqlRows<{ mention: string; n: number }>(
    lake,
    'select mention, positive + negative + neutral as n from application where mention is not null',
  );
  expect(new Map(totals.map(({ mention, n }) => [mention, n]))).toEqual(ledger.mentions);
}
