/**
 * How right the models are whose scores stand in gold, by the labels that its posts bring along: each post once, and only
 * counts leave the database. Where the labels could mean several things nothing is measured, and the reason is told.
 */

import { scanSql } from '../duck/scan.js';
import type { DuckSession } from '../duck/session.js';
import { type BinSums, type Calibration, calibrationOf } from '../figures/calibration.js';
import { type ConfusionMatrix, countIn, emptyConfusion } from '../figures/confusion.js';
import { type SentimentMeasures, sentimentMeasures } from '../figures/sentiment-measures.js';
import { type LabelScheme, labelScheme, labelSentiment, sentiments } from '../posts/labels.js';
import type { TableAt } from './lake-table.js';

export interface Quality {
  /** Of the table; null when there is none. */
  version: number | null;
  posts: number;
  /** Posts that bring any label along. */
  labelled: number;
  /** How labels were read, like `0/2/4`; null where they were not. */
  labels: string | null;
  /** Why nothing is measured, as a sentence; null where it is. */
  refused: string | null;
  /** By number of posts, most first. */
  models: ModelQuality[];
}

export interface ModelQuality extends SentimentMeasures {
  /** `name/version`. */
  model: string;
  /** Posts that it scored; those with a label that means something, and their share. */
  posts: number;
  evaluated: number;
  coverage: number;
  /** When its first and its newest row were scored, milliseconds since the epoch. */
  scored_from: number;
  scored_to: number;
  confusion: ConfusionMatrix;
  calibration: Calibration;
  /** Posts by the probability of what was predicted, labelled or not: as many bins as calibration has. */
  confidence: number[];
}

export const noQuality: Quality = {
  version: null,
  posts: 0,
  labelled: 0,
  labels: null,
  refused: null,
  models: [],
};

const bins = 15;

interface Group {
  label: string | null;
  predicted: string;
  model: string;
  bin: number;
  posts: number;
  probability: number;
  scored_from: number;
  scored_to: number;
}

/** @param given what labels mean; without it, it is found from all labels of the table */
export async function quality(session: DuckSession, at: TableAt, given?: LabelScheme): Promise<Quality> {
  const groups = await groupsOf(session, at);
  const labels = groups.map(({ label }) => label);
  const scheme = given ?? labelScheme(labels);
  const isRead = !('ambiguous' in scheme);
  const models = [...new Set(groups.map(({ model }) => model))];
  return {
    version: at.snapshot.version,
    posts: sum(groups.map(({ posts }) => posts)),
    labelled: sum(groups.map(({ label, posts }) => (isBlank(label) ? 0 : posts))),
    labels: isRead ? scheme.name : null,
    refused: isRead ? null : refusal(scheme.reason, labels),
    models: models
      .map((model) => {
        const ofModel = groups.filter((group) => group.model === model);
        return qualityOf(model, ofModel, isRead ? scheme : undefined);
      })
      .sort((a, b) => b.posts - a.posts || (a.model < b.model ? -1 : 1)),
  };
}

function refusal(reason: string, labels: readonly (string | null)[]): string {
  if (labels.every(isBlank)) return 'No post brings a label along.';
  return `What the labels mean is not known: ${reason}. Say it in murmur.yaml, like labels: { "0": negative, "1": positive }.`;
}

function isBlank(label: string | null): boolean {
  return label === null || label.trim() === '';
}

async function groupsOf(session: DuckSession, { snapshot, table }: TableAt): Promise<Group[]> {
  const columns = [
    'post_id',
    'source',
    'text',
    'sentiment',
    'predicted_sentiment',
    'predicted_score',
    'model',
    'scored_at',
  ];
  const scan = await scanSql(session, snapshot, table.storage, { columns });
  return session.rows<Group>(
    `SELECT label, predicted, model, greatest(0, least(${bins - 1}, ceil(probability * ${bins}) - 1))::INTEGER AS bin,
       count(*) AS posts, sum(probability) AS probability,
       epoch_ms(min(scored_from)) AS scored_from, epoch_ms(max(scored_to)) AS scored_to
     FROM (SELECT any_value(sentiment) FILTER ("text" IS NOT NULL) AS label, any_value(predicted_sentiment) AS predicted,
         any_value(model) AS model, any_value(predicted_score) / 100 AS probability,
         min(scored_at) AS scored_from, max(scored_at) AS scored_to
       FROM (${scan}) GROUP BY source, post_id)
     GROUP BY ALL`,
  );
}

function qualityOf(model: string, groups: readonly Group[], scheme: LabelScheme | undefined): ModelQuality {
  const confusion = emptyConfusion(sentiments);
  const sums = Array.from({ length: bins }, (): BinSums => ({ rows: 0, probability: 0, right: 0 }));
  const confidence = sums.map(() => 0);
  for (const { label, predicted, bin, posts, probability } of groups) {
    confidence[bin]! += posts;
    const actual = scheme === undefined ? null : labelSentiment(label, scheme);
    if (actual === null || !countIn(confusion, actual, predicted, posts)) continue;
    const into = sums[bin]!;
    into.rows += posts;
    into.probability += probability;
    if (predicted === actual) into.right += posts;
  }
  const evaluated = sum(confusion.counts.flat());
  const posts = sum(confidence);
  return {
    model,
    posts,
    evaluated,
    coverage: posts === 0 ? 0 : evaluated / posts,
    scored_from: Math.min(...groups.map((group) => group.scored_from)),
    scored_to: Math.max(...groups.map((group) => group.scored_to)),
    ...sentimentMeasures(confusion),
    confusion,
    calibration: calibrationOf(sums),
    confidence,
  };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
