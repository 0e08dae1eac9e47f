/** How a query's totals and failures are told. */
import type { MurmurError } from '../base/errors.js';
import type { QueryStatus } from './engine.js';

export function emptyTotals(): QueryStatus['totals'] {
  return {
    batches: 0,
    input_posts: 0,
    output_posts: 0,
    output_rows: 0,
    dropped_posts: 0,
    quarantined_posts: 0,
    superseded_posts: 0,
  };
}

export function errorStatus({ code, fault, message, fix }: MurmurError): NonNullable<QueryStatus['error']> {
  return { code, fault, message, fix: fix ?? null };
}

/** `stopped by rule "posts kept" (bronze → silver): 0.013 of 5000 posts, expected at least 0.99`. */
export function failedSentence(error: MurmurError): string {
  return error.code === 'engine.rule_failed' ? `stopped by ${error.message}` : `failed: ${error.message}`;
}
