/** A small spec with one of everything, in the form in which the rooms write theirs. */
import { z } from 'zod';
import { autoOrCount, bytes, duration, share, trigger } from '../../src/config/units.js';

export const spec = z.strictObject({
  landing: z.string().default('landing/').describe('folder from which posts are read'),
  format: z.enum(['auto', 'ndjson', 'csv']).default('auto').describe('form of the files'),
  labels: z
    .record(z.string(), z.enum(['negative', 'neutral', 'positive']))
    .default({})
    .describe('theirs to ours'),
  neutral: z.strictObject({ id: z.int().nullable().default(null) }).prefault({}),
  streams: z
    .strictObject({
      bronze: z
        .strictObject({
          trigger: trigger().prefault('asap').describe('when the next batch may start'),
          max_bytes: bytes().prefault('64MiB').describe('most bytes of a batch'),
        })
        .prefault({}),
      gold: z.strictObject({ threads: autoOrCount().default('auto') }).prefault({}),
    })
    .prefault({}),
  expect: z
    .strictObject({
      silver: z
        .array(
          z.union([
            z.strictObject({ name: z.string(), rule: z.string(), action: z.enum(['warn', 'drop', 'fail']) }),
            z.strictObject({ name: z.string(), min_ratio: share(), action: z.enum(['warn', 'fail']) }),
          ]),
        )
        .prefault([]),
    })
    .prefault({}),
  maintain: z.strictObject({ retain: duration().prefault('7d') }).prefault({}),
  page: z
    .strictObject({
      port: z.int().min(0).max(65535).default(4646).describe('first port that is tried'),
      token: z.string().default('').describe('asked for when the page is not on this machine alone'),
    })
    .prefault({})
    .describe('the live page'),
  engine: z
    .union([z.literal('embedded'), z.strictObject({ spark: z.strictObject({ remote: z.string() }) })])
    .default('embedded'),
});
