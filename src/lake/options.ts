import { z } from 'zod';
import { bytes } from '../config/units.js';
import type { S3Options } from '../storage/s3-connection.js';

/** Where a lake keeps its tables, and how it reaches those that are not on this machine. */
export const lakeOptions = z.strictObject({
  tables: z
    .string()
    .min(1)
    .default('tables/')
    .describe(
      'folder of the Delta tables, relative to murmur.yaml, or s3://bucket/prefix; checkpoints/ stands beside it, or beside murmur.yaml',
    )
    .meta({ examples: ['s3://my-bucket/lake/tables'] }),
  cache: z
    .strictObject({
      dir: z
        .string()
        .min(1)
        .optional()
        .describe(
          "folder of the copies, relative to murmur.yaml (default: .cache/murmur in the user's folder)",
        ),
      size: bytes().prefault('4GiB').describe('most bytes of copies, beyond those in use'),
    })
    .prefault({})
    .describe('copies of what is read from s3://, on this machine'),
  s3: z
    .strictObject({
      path_style: z
        .enum(['auto', 'yes', 'no'])
        .default('auto')
        .describe('whether the bucket stands in the path of URLs; auto: where AWS_ENDPOINT_URL is set'),
    })
    .prefault({})
    .describe('how s3:// is reached, beside the AWS_* variables'),
});

export type LakeOptions = z.output<typeof lakeOptions>;

/** Undefined where the environment says everything: all such stores share one connection. */
export function s3Options({ path_style }: LakeOptions['s3']): S3Options | undefined {
  return path_style === 'auto' ? undefined : { pathStyle: path_style === 'yes' };
}
