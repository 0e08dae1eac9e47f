/** What a lake's `murmur.yaml` says about posts. */
import { z } from 'zod';
import { sentiments } from './labels.js';
import { mentionRules } from './mentions.js';
import type { RecordColumn } from './shapes/shape.js';

const offset = /^[+-](?:(?:0\d|1[0-7]):[0-5]\d|18:00)$/;

const path = (meaning: string, example: string) =>
  z
    .string()
    .min(1)
    .optional()
    .describe(meaning)
    .meta({ examples: [example] });

const columns = {
  text: path('The text of the post.', 'tweet'),
  user: path('Who wrote it.', 'username'),
  date: path('When it was written, as text or number.', 'created_at'),
  sentiment: path('A label that the post brings with it.', 'target'),
  post_id: path("The source's own id of the post.", 'tweet_id'),
  seq: path("A whole number that grows with each version of a post: the source's own order.", 'version'),
  lang: path('Language code.', 'language'),
  source: path('Which source the post comes from; a post is identified by its source and id.', 'origin'),
  mentions: path('A list of the handles mentioned, if the source gives one.', 'people'),
  op: path('`create`, `update` or `delete`.', 'action'),
} satisfies Record<RecordColumn, z.ZodType>;

/** The top-level keys of `murmur.yaml` that this room owns. */
export const postOptions = z.strictObject({
  columns: z
    .strictObject(columns)
    .prefault({})
    .describe(
      'where your columns stand, ours to theirs, with dotted paths for nested fields; the shapes of Twitter v1, X v2, Mastodon and Jetstream need none',
    ),
  labels: z
    .record(z.string(), z.enum(sentiments))
    .optional()
    .describe(
      'What the labels in `sentiment` mean. Without it words, LABEL_0 to LABEL_2 and 0/2/4 are read in streams, and evaluation finds the scheme from the whole set.',
    )
    .meta({ examples: [{ '0': 'negative', '2': 'neutral', '4': 'positive' }] }),
  mentions: z
    .enum(mentionRules)
    .default('twitter')
    .describe(
      "What a mention is: Twitter's own rule, `word` (@\\w+, ASCII) or `nonspace` (@\\S+). Fixed for the life of a lake.",
    )
    .meta({ examples: ['twitter'] }),
  neutral: z
    .strictObject({
      id: z
        .int()
        .nullable()
        .default(null)
        .describe('The id of neutral in sentiment_id and predicted_sentiment_id; negative is 0, positive 1.'),
      in_total: z.boolean().default(false).describe('Whether `total` in application counts neutral posts.'),
    })
    .prefault({})
    .describe('How neutral posts are counted. Fixed for the life of a lake.')
    .meta({ examples: [{ id: null, in_total: false }] }),
  zones: z
    .record(
      z
        .string()
        .regex(/^[A-Za-z]{2,6}$/, 'an abbreviation of 2 to 6 letters')
        .refine((name) => !/^(UTC?|GMT)$/i.test(name), 'UTC, UT and GMT are fixed'),
      z.string().regex(offset, 'an offset like "-06:00", at most 18 hours'),
    )
    .default({})
    .describe('Zone abbreviations that you read differently, or that the built-in table lacks.')
    .meta({ examples: [{ CST: '-06:00', BST: '+01:00', IST: '+05:30' }] }),
});
