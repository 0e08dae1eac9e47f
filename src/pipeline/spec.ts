/**
 * The whole of murmur.yaml as one zod spec: types, defaults, descriptions and examples. Reference docs, JSON Schema and the
 * faults that people see all come from here.
 */
import { z } from 'zod';
import { bytes, duration, share, trigger } from '../config/units.js';
import { sparkOptions } from '../engine/spark/options.js';
import { lakeOptions } from '../lake/options.js';
import { mlflowOptions } from '../mlflow/options.js';
import { postOptions } from '../posts/options.js';
import { scoringOptions } from '../scoring/options.js';
import { sourceOptions } from '../sources/options.js';
import { expectOptions } from './expect-options.js';
import { modelOptions } from './model/options.js';

export const streamOptions = z.strictObject({
  trigger: trigger()
    .prefault('asap')
    .describe('asap, or the time between batch starts')
    .meta({ examples: ['asap', '10s'] }),
  max_posts: z.int().min(1).optional().describe('most posts in a batch (default 5,000; gold 2,000)'),
  max_files: z.int().min(1).prefault(1000).describe('most files in a batch'),
  max_bytes: bytes().prefault('32MiB').describe('most bytes in a batch'),
});

const streams = z
  .strictObject({
    bronze: streamOptions.prefault({}),
    silver: streamOptions.prefault({}),
    gold: streamOptions.extend(scoringOptions.shape).prefault({}),
    application: streamOptions.prefault({}),
  })
  .describe('how each streaming query runs');

const maintain = z
  .strictObject({
    target_size: bytes()
      .prefault('64MiB')
      .describe(
        'files should have this size: small ones are joined in the background, ten of about a size at a time, so that each row is rewritten once for every tenfold growth of its file',
      ),
    effort: share()
      .prefault('10%')
      .describe(
        'largest part of the time that joining files may take while a run is on; 0 leaves files as they are',
      ),
    retain: duration()
      .prefault('1d')
      .describe(
        'how long files that were replaced stay readable; of a table that replaces more than 20,000 files in that time the newest 20,000, but an hour at least',
      ),
  })
  .describe('upkeep of the tables');

const page = z
  .strictObject({
    host: z.string().default('127.0.0.1').describe('address to listen on; any but loopback needs a token'),
    port: z.int().min(0).max(65535).default(4646).describe('the next free port is used if it is taken'),
    token: z.string().default('').describe('what a visitor must know; empty means none'),
  })
  .describe('the live page');

/** What may stand in murmur.yaml. Unknown keys are faults. */
export const spec = z.strictObject({
  landing: z
    .string()
    .min(1)
    .default('landing/')
    .describe('folder in which posts arrive, relative to murmur.yaml, or s3://bucket/prefix')
    .meta({ examples: ['s3://my-bucket/posts'] }),
  ...sourceOptions.shape,
  ...postOptions.shape,
  ...lakeOptions.shape,
  ...modelOptions.shape,
  streams: streams.prefault({}),
  expect: expectOptions.prefault({}),
  maintain: maintain.prefault({}),
  ...mlflowOptions.shape,
  page: page.prefault({}),
  engine: z
    .union([z.literal('embedded'), z.strictObject({ spark: sparkOptions })])
    .default('embedded')
    .describe('what runs the streaming queries: this process, or a Spark cluster'),
});

/** A parsed murmur.yaml: every default filled in, units turned into numbers. */
export type LakeSpec = z.output<typeof spec>;
/** murmur.yaml as written, or the same as an object. */
export type LakeSpecInput = z.input<typeof spec>;
