/**
 * What a lake must hold after reading a set of posts, counted without any of Murmur's own code: the public
 * twitter-text library says what a mention is.
 */
import twitter from 'twitter-text';

export interface Ledger {
  posts: number;
  silverRows: number;
  postsWithMention: number;
  mentions: Map<string, number>;
}

export function countPosts(texts: Iterable<string>): Ledger {
  const ledger: Ledger = { posts: 0, silverRows: 0, postsWithMention: 0, mentions: new Map() };
  for (const text of texts) {
    const mentions = twitter.extractMentions(text);
    ledger.posts++;
    ledger.silverRows += Math.max(1, mentions.length);
    if (mentions.length > 0) ledger.postsWithMention++;
    for (const mention of mentions) {
      const key = mention.toLowerCase();
      ledger.mentions.set(key, (ledger.mentions.get(key) ?? 0) + 1);
    }
  }
  return ledger;
}
