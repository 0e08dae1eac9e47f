/** DuckDB's dialect of the named functions that SQL can express exactly, as `CREATE MACRO` statements. */
import { type LabelScheme, sentimentId } from '../labels.js';

export interface DuckMacroOptions {
  readonly labels: LabelScheme;
  readonly neutralId: number | null;
}

export function duckMacros({ labels, neutralId }: DuckMacroOptions): string[] {
  const branches = [...labels.meaning].map(
    ([label, sentiment]) => `WHEN ${quoted(label)} THEN ${sentimentId(sentiment, neutralId) ?? 'NULL'}`,
  );
  return [
    `CREATE OR REPLACE MACRO label_id(label) AS CAST(CASE ${normalLabelSql('CAST(label AS VARCHAR)')} ${branches.join(' ')} END AS INTEGER)`,
  ];
}

/** `normalLabel` in SQL. */
function normalLabelSql(label: string): string {
  const trimmed = `regexp_replace(${label}, '^[ \\t\\r\\n]+|[ \\t\\r\\n]+$', '', 'g')`;
  return `regexp_replace(lower(${trimmed}), '^\\+?(-?[0-9]+)(?:\\.0+)?$', '\\1')`;
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
