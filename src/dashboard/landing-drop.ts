/** Puts a typed post into the landing place as a file of its own, like any other producer of posts. */
import { randomBytes } from 'node:crypto';
import { MurmurError } from '../base/errors.js';
import type { Lake } from '../lake/lake.js';
import type { PostDraft } from './messages.js';

/** What the posts of this page say of where they come from, and how their ids begin. */
export const pageSource = 'page';

/**
 * Writes one post; it appears whole or not at all.
 * @returns the post's id: its time and chance, so that ids of one page stand together in a table's statistics
 * @throws dashboard.landing_unwritable
 */
export async function dropPost(lake: Lake, draft: PostDraft, at: number): Promise<string> {
  const id = `${pageSource}-${at.toString(36)}-${randomBytes(5).toString('hex')}`;
  const record = {
    post_id: id,
    date: new Date(at).toISOString(),
    user: draft.user ?? null,
    text: wellFormed(draft.text),
    source: pageSource,
  };
  try {
    await lake.landing.put(`${id}.ndjson`, Buffer.from(`${JSON.stringify(record)}\n`));
  } catch (cause) {
    throw new MurmurError(
      'dashboard.landing_unwritable',
      `writing a post into ${lake.paths.landing}: ${(cause as Error).message}`,
      {
        fault: 'external',
        fix: 'Let the user that runs murmur write there.',
        cause,
      },
    );
  }
  return id;
}

/** A lone half of a surrogate pair has no UTF-8 form. */
function wellFormed(text: string): string {
  return text.replace(/\p{Surrogate}/gu, '\uFFFD');
}
