import { z } from 'zod';

/** How a lake uses Spark. */
export const sparkOptions = z.strictObject({
  remote: z
    .string()
    .min(1)
    .describe('address of the Spark Connect server')
    .meta({ examples: ['sc://127.0.0.1:15002', 'sc://host:443/;use_ssl=true;x-databricks-cluster-id=…'] }),
  token: z.string().default('').describe('bearer token, where the address holds none'),
  bundle: z
    .string()
    .min(1)
    .default('auto')
    .describe(
      'how the workers get the model: path (they see the same folder), send (with the session), a folder of their own, or auto: path where the server is this machine, else send',
    ),
  auto_loader: z
    .boolean()
    .default(false)
    .describe('find new files with the Auto Loader of Databricks (cloudFiles), not with the file source'),
  ui: z
    .string()
    .min(1)
    .default('auto')
    .describe(
      'address of the Spark UI, where `murmur tune` reads how stages went; auto: the host and port that the server names',
    )
    .meta({ examples: ['http://driver:4040'] }),
  conf: z
    .record(z.string(), z.string())
    .default({})
    .describe('settings of the Spark session')
    .meta({ examples: [{ 'spark.sql.shuffle.partitions': '8' }] }),
});

export type SparkOptions = z.output<typeof sparkOptions>;
