import { unescapeHtml } from '../clean-text.js';

/**
 * The text of a post's HTML: line breaks for `<br>`, blank lines between paragraphs, the words of links, and nothing of
 * the tags. Entities are read after the tags are gone, so that an escaped `&lt;b&gt;` stays the text `<b>`.
 */
export function htmlToText(html: string): string {
  const lines = html
    .replace(/<br\b[^>]*>/gi, '\n')
    .replace(/<\/p>\s*<p\b[^>]*>/gi, '\n\n')
    .replace(/<\/?[a-z][^>]*>/gi, '');
  return unescapeHtml(lines).trim();
}
