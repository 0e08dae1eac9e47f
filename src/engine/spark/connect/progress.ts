/**
 * What a stream tells about a micro-batch. Over Connect the JSON has no totals at its top (they are sums over the sources here),
 * and offsets are JSON inside strings; fields that other releases add are ignored.
 */
import { z } from 'zod';
import { MurmurError } from '../../../base/errors.js';

/** Spark writes NaN and infinities of rates as text, and leaves out what it does not know. */
const rate = z.preprocess((value) => (typeof value === 'number' ? value : 0), z.number());
const count = z.number().default(0);
const offset = z
  .unknown()
  .optional()
  .transform((value) => (value === undefined || value === null ? null : text(value)));

const source = z.object({
  description: z.string().default(''),
  startOffset: offset,
  endOffset: offset,
  latestOffset: offset,
  numInputRows: count,
  inputRowsPerSecond: rate,
  processedRowsPerSecond: rate,
  metrics: z
    .record(z.string(), z.string())
    .nullish()
    .transform((m) => m ?? {}),
});

/** Over Connect a row is its values beside their schema; elsewhere it is an object. */
const observation = z.union([
  z
    .object({
      values: z.array(z.unknown()),
      schema: z.object({ fields: z.array(z.object({ name: z.string() })) }),
    })
    .transform(({ values, schema }) =>
      Object.fromEntries(schema.fields.map(({ name }, i) => [name, values[i]])),
    ),
  z.record(z.string(), z.unknown()),
]);

const stateOperator = z.object({
  operatorName: z.string().default(''),
  numRowsTotal: count,
  numRowsUpdated: count,
  memoryUsedBytes: count,
  numRowsDroppedByWatermark: count,
  commitTimeMs: count,
  numShufflePartitions: count,
});

const progress = z.object({
  id: z.string(),
  runId: z.string(),
  name: z.string().nullish(),
  timestamp: z.string(),
  batchId: z.number(),
  batchDuration: count,
  durationMs: z.record(z.string(), z.number()).default({}),
  eventTime: z
    .record(z.string(), z.string())
    .nullish()
    .transform((e) => e ?? {}),
  stateOperators: z.array(stateOperator).default([]),
  sources: z.array(source).default([]),
  sink: z.object({ description: z.string().default(''), numOutputRows: z.number().default(-1) }),
  observedMetrics: z
    .record(z.string(), observation)
    .nullish()
    .transform((m) => m ?? {}),
});

export type SourceProgress = z.infer<typeof source>;

/** Rows, rows per second, milliseconds, bytes; `sink.numOutputRows` is −1 where the sink does not count (Delta). Offsets are JSON text. */
export type StreamProgress = z.infer<typeof progress> & {
  /** Over all sources. */
  numInputRows: number;
  inputRowsPerSecond: number;
  processedRowsPerSecond: number;
};

/** @throws spark.answer_unreadable (external) */
export function parseProgress(json: string): StreamProgress {
  const parsed = progress.safeParse(parsedJson(json));
  if (!parsed.success) {
    throw new MurmurError(
      'spark.answer_unreadable',
      `reading a stream's progress: ${z.prettifyError(parsed.error)}`,
      {
        fault: 'external',
        fix: 'use a Spark release from 4.0 on; if it is one, report this progress JSON as a bug of Murmur',
        cause: parsed.error,
      },
    );
  }
  const sum = (pick: (s: SourceProgress) => number) => parsed.data.sources.reduce((n, s) => n + pick(s), 0);
  return {
    ...parsed.data,
    numInputRows: sum((s) => s.numInputRows),
    inputRowsPerSecond: sum((s) => s.inputRowsPerSecond),
    processedRowsPerSecond: sum((s) => s.processedRowsPerSecond),
  };
}

function parsedJson(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
