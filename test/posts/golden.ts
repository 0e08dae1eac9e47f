/** The golden corpus of the named functions: one file a function, read by the tests of every dialect. */
import { readFileSync } from 'node:fs';
import { givenScheme, type LabelScheme, type Sentiment } from '../../src/posts/labels.js';
import type { MentionRule } from '../../src/posts/mentions.js';
import { type ZoneTable, zoneTable } from '../../src/posts/zones.js';

export const goldenFunctions = ['parse_timestamp', 'mentions', 'clean_text', 'label_id'] as const;
export type GoldenFunction = (typeof goldenFunctions)[number];

export interface GoldenCase {
  in: string | null;
  /** For parse_timestamp an ISO 8601 text in UTC, or `{error}`: what timestamp_error says while the time is null. */
  out: unknown;
  why?: string;
}

interface GoldenGroup {
  options: {
    mentions?: MentionRule;
    zones?: Record<string, string>;
    neutralId?: number | null;
    labels?: Record<string, Sentiment>;
  };
  cases: GoldenCase[];
}

export interface GoldenOptions {
  mentions: MentionRule;
  zones: ZoneTable;
  neutralId: number | null;
  labels?: LabelScheme;
}

/** The groups of one function with their options in full. */
export function golden(fn: GoldenFunction): { name: string; options: GoldenOptions; cases: GoldenCase[] }[] {
  const file = new URL(`golden/${fn}.json`, import.meta.url);
  const { groups } = JSON.parse(readFileSync(file, 'utf8')) as { groups: GoldenGroup[] };
  return groups.map(({ options, cases }) => ({
    name: JSON.stringify(options),
    options: {
      mentions: options.mentions ?? 'twitter',
      zones: zoneTable(options.zones),
      neutralId: options.neutralId ?? null,
      ...(options.labels ? { labels: givenScheme(options.labels) } : {}),
    },
    cases,
  }));
}
