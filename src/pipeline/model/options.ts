/** What can be set about the model of a lake. */
import { z } from 'zod';
import { duration, share } from '../../config/units.js';

const modelName = z.string().min(1);

const shadow = z
  .strictObject({
    model: modelName
      .describe('a model, written as `model` is; its scores are compared and never stored')
      .meta({ examples: ['models:/sentiment@challenger'] }),
    sample: share()
      .prefault(0.05)
      .describe('share of the posts that it scores too, chosen by source and post_id'),
  })
  .describe('a second model that scores a sample of the posts beside the first');

const drift = z
  .strictObject({
    psi: z
      .number()
      .positive()
      .default(0.25)
      .describe('population stability index of score, length or class from which on it is told'),
    baseline: z
      .int()
      .min(100)
      .default(2000)
      .describe(
        'posts that make up the baseline: the first that a model scores, if its bundle brings none of its own',
      ),
    window: z.int().min(100).default(2000).describe('newest posts that are compared with the baseline'),
  })
  .describe('how far new posts may move away from the baseline');

export const modelOptions = z.strictObject({
  model: modelName
    .default('bundled')
    .describe(
      'bundled, lexicon, a model bundle (its folder, or s3://bucket/prefix), one that MLflow has (models:/name@alias, models:/name/3, runs:/id/path), or one of the Hugging Face hub (hf:owner/name), imported into models/ once',
    )
    .meta({
      examples: [
        'bundled',
        './my-model',
        's3://my-bucket/models/mine',
        'models:/sentiment@champion',
        'hf:owner/name',
      ],
    }),
  model_poll: duration()
    .prefault('2s')
    .describe('how often a moved alias is looked for; the stream takes the new model between two batches'),
  shadow: shadow.optional(),
  drift: drift.prefault({}),
});

export type ModelOptions = z.output<typeof modelOptions>;
