/** What a lake's `murmur.yaml` says about posts. */
import { z } from 'zod';
import { sentiments } from './labels.js';
import { mentionRules } from './mentions.js';
import { recordColumns } from './shapes/shape.js';

const offset = /^[+-](0\d|1[0-8]):[0-5]\d$/;

/** Keys of `murmur.yaml`, to be spread into the whole spec. */
export const postOptions = {
  columns: z
    .partialRecord(z.enum(recordColumns), z.string().min(1))
    .default({})
    .describe(
      'Where your columns stand, ours to theirs, with dotted paths for nested fields. The shapes of Twitter v1, X v2, Mastodon and Jetstream need none.',
    )
    .meta({ examples: [{ text: 'tweet', user: 'username', date: 'created_at' }] }),
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
};
