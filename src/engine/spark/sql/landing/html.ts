/** The text of a post's HTML (`posts/shapes/html-text.ts`), in steps that each add a column. */
import { unescapedSql, wellFormedSql } from '../../../../posts/sql/spark-entities.js';
import { pattern } from '../../../../posts/sql/spark-literals.js';
import { space, trimSql } from '../../../../posts/sql/spark-space.js';
import { adding, type Stage } from './stage.js';

export const htmlColumn = 'html_text';

/** Adds `html_text` to a relation. @param html SQL over it; null for records without */
export function htmlStages(html: string): Stage[] {
  const tag = (name: string) => `${name}(?![a-zA-Z0-9_])[^>]*>`;
  const breaks = `regexp_replace(${html}, ${pattern(`(?i)<${tag('br')}`)}, '\\n')`;
  const paragraphs = `regexp_replace(${breaks}, ${pattern(`(?i)</p>[${space}]*<${tag('p')}`)}, '\\n\\n')`;
  const lines = `regexp_replace(${paragraphs}, ${pattern('</?[a-zA-Z][^>]*>')}, '')`;
  return [
    adding({ html_lines: lines }),
    adding({ html_unescaped: unescapedSql('html_lines') }),
    adding({ html_trimmed: trimSql('html_unescaped') }),
    adding({ [htmlColumn]: wellFormedSql('html_trimmed', 'html_lines') }),
  ];
}
