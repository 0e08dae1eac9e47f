/** The answers of a running query as batches of rows: pieces of a batch put together, and every row accounted for. */
import { MurmurError } from '../../../base/errors.js';
import { readRows, type SparkRow, type SparkValue } from './arrow-rows.js';
import type { ExecutePlanResponse, ExecutePlanResponse_ArrowBatch } from './gen/spark/connect/base_pb.js';
import { literalValue } from './literals.js';

/** What `observe` counted, by the observation's name. */
export type Observations = Map<string, Record<string, SparkValue>>;

/**
 * Each yielded array is one Arrow batch, in order; empty batches too.
 * @param observed filled when the query ends
 * @throws spark.rows_lost (external) when the server's own count of rows and ours differ
 */
export async function* readBatches(
  doing: string,
  responses: AsyncIterable<ExecutePlanResponse>,
  observed: Observations = new Map(),
): AsyncGenerator<SparkRow[]> {
  const chunks = new Chunks(doing);
  let count = 0;
  for await (const { responseType, observedMetrics } of responses) {
    for (const { name, keys, values } of observedMetrics)
      observed.set(name, Object.fromEntries(keys.map((key, i) => [key, literalValue(values[i])])));
    if (responseType.case !== 'arrowBatch') continue;
    const batch = responseType.value;
    const data = chunks.add(batch);
    if (data === undefined) continue;
    if (batch.startOffset !== undefined && Number(batch.startOffset) !== count)
      throw rowsLost(doing, `a batch begins at row ${batch.startOffset}, expected ${count}`);
    const rows = readRows(data);
    if (rows.length !== Number(batch.rowCount))
      throw rowsLost(doing, `a batch of ${batch.rowCount} rows holds ${rows.length}`);
    count += rows.length;
    yield rows;
  }
  chunks.end();
}

/** A large batch comes in pieces 0…n−1, which only together are an Arrow stream. */
class Chunks {
  #parts: Uint8Array[] = [];
  #expected = 0;

  constructor(readonly doing: string) {}

  /** The whole batch's bytes once its last piece is here. */
  add({ data, chunkIndex = 0n, numChunksInBatch }: ExecutePlanResponse_ArrowBatch): Uint8Array | undefined {
    const index = Number(chunkIndex);
    const total = Math.max(1, Number(numChunksInBatch ?? 1n));
    if (index !== this.#parts.length || (index > 0 && total !== this.#expected))
      throw rowsLost(this.doing, `piece ${index} of a batch came, expected piece ${this.#parts.length}`);
    this.#expected = total;
    this.#parts.push(data);
    if (this.#parts.length < total) return undefined;
    const whole = total === 1 ? data : new Uint8Array(Buffer.concat(this.#parts));
    this.#parts = [];
    return whole;
  }

  end(): void {
    if (this.#parts.length > 0)
      throw rowsLost(this.doing, `${this.#parts.length} of ${this.#expected} pieces of the last batch came`);
  }
}

function rowsLost(doing: string, what: string): MurmurError {
  return new MurmurError('spark.rows_lost', `${doing}: ${what}`, {
    fault: 'external',
    retry: 'backoff',
    fix: 'run the query again: part of its result was lost on the way',
  });
}
