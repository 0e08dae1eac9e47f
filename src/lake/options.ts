import { z } from 'zod';

/** Where a lake keeps its tables. */
export const lakeOptions = z.strictObject({
  tables: z
    .string()
    .min(1)
    .default('tables/')
    .describe('folder of the Delta tables, relative to murmur.yaml; checkpoints/ stands beside it'),
});

export type LakeOptions = z.output<typeof lakeOptions>;
