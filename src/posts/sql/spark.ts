/**
 * Spark's dialect of the named functions, as statements that create them for a session. Spark puts the body of such a
 * function in the place of its call, so that they work in streams; they end with the session and are made anew in the
 * next one. Every input gives what the TypeScript reference gives, and none makes a row throw (which would end a stream).
 */
import type { DuckFunctionOptions } from '../functions.js';
import { defaultScheme, type LabelScheme, sentimentId } from '../labels.js';
import type { MentionRule } from '../mentions.js';
import { dateFunctions } from './spark-dates.js';
import { unescapedSql, wellFormedSql } from './spark-entities.js';
import { letSql, pattern, quoted } from './spark-literals.js';
import { mentionsSql, withoutMentionsSql } from './spark-mentions.js';
import { space } from './spark-space.js';

export function sparkFunctions(o: DuckFunctionOptions): string[] {
  const create = (signature: string, returns: string, body: string) =>
    `CREATE OR REPLACE TEMPORARY FUNCTION ${signature} RETURNS ${returns} RETURN ${body}`;
  return [
    ...dateFunctions(o.zones),
    create('mentions(x STRING)', 'ARRAY<STRING>', mentionsSql('x', o.mentions)),
    create('clean_text(x STRING)', 'STRING', cleanTextSql('x', o.mentions)),
    create('label_id(label STRING)', 'INT', labelIdSql('label', o.labels ?? defaultScheme, o.neutralId)),
  ];
}

// One expression: Spark refuses a function with a lambda whose argument is another one's result.
function cleanTextSql(text: string, rule: MentionRule): string {
  const link = pattern(`https?://[^${space}]+|www\\.[^${space}]+`);
  const linked = `regexp_replace(${withoutMentionsSql('unescaped', rule)}, ${link}, 'http')`;
  return letSql(
    'unescaped',
    unescapedSql(text),
    letSql(
      'cleaned',
      `trim(regexp_replace(${linked}, ${pattern(`[${space}\\x00]+`)}, ' '))`,
      wellFormedSql('cleaned', text),
    ),
  );
}

/** Lower case letter by letter, as DuckDB has it: Java knows two letters whose lower case depends on more than themselves. */
export function lowerSql(text: string): string {
  return `lower(translate(${text}, 'Σİ', 'σi'))`;
}

function labelIdSql(label: string, { meaning }: LabelScheme, neutralId: number | null): string {
  const trimmed = `regexp_replace(${label}, ${pattern('\\A[ \\t\\r\\n]+|[ \\t\\r\\n]+\\z')}, '')`;
  const normal = `regexp_replace(${lowerSql(trimmed)}, ${pattern('\\A\\+?(-?[0-9]+)(?:\\.0+)?\\z')}, '$1')`;
  const branches = [...meaning].map(
    ([known, sentiment]) => `WHEN ${quoted(known)} THEN ${sentimentId(sentiment, neutralId) ?? 'NULL'}`,
  );
  return `CAST(CASE ${normal} ${branches.join(' ')} END AS INT)`;
}
