/**
 * `clean_text`: a text as a person would read it aloud, in five steps whose order matters: HTML entities are unescaped,
 * mentions removed by the lake's rule, links (`https?://…`, `www.…`, up to the next white space) become the word
 * `http`, white space and NULs fold to single blanks, and the ends are trimmed.
 */
import { decode } from 'html-entities';
import { type MentionRule, removeMentions } from './mentions.js';
import { wellFormed } from './well-formed.js';

const link = /https?:\/\/\S+|www\.\S+/g;
const blank = /[\s\0]+/g;

/** The result is always well-formed: an entity for half a character (`&#xD83D;`) becomes U+FFFD. */
export function cleanText(text: string, rule: MentionRule): string {
  const unescaped = unescapeHtml(text);
  const bare = removeMentions(unescaped, rule);
  const linked = bare.includes('://') || bare.includes('www.') ? bare.replace(link, 'http') : bare;
  return wellFormed(linked.replace(blank, ' ').trim());
}

/** HTML's entities, named and numeric, with or without their semicolon where HTML allows that. One pass only. */
export function unescapeHtml(text: string): string {
  return text.includes('&') ? decode(text) : text;
}
