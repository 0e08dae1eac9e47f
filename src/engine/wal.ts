/**
 * The write-ahead log of one streaming query: `checkpoints/<query>/{id, offsets/N, commits/N}`, and `sources/` for the
 * source's own notes. `offsets/N` says what batch N reads and is written before any work; `commits/N` says that batch N
 * is in the table. Every file is JSON, written once (put-if-absent, synced) and never again; what cannot be read is
 * refused by name, never guessed.
 */
import { z } from 'zod';
import { isMurmurError, MurmurError } from '../base/errors.js';
import type { Storage } from '../storage/storage.js';

/** What this code writes; a higher number was written by a newer Murmur. */
export const walFormat = 1;
/** Batches whose offsets and commits stay; older ones are needed by nobody. */
const batchesKept = 100;

const modelSchema = z.object({ id: z.string(), digest: z.string() });
const idSchema = z.object({ format: z.number().int(), queryId: z.string().min(1), stream: z.string() });
const offsetsSchema = z.object({
  format: z.number().int(),
  queryId: z.string(),
  batchId: z.number().int().nonnegative(),
  plannedAt: z.number().int(),
  options: z.record(z.string(), z.string()),
  model: modelSchema.nullable(),
  input: z.looseObject({ kind: z.enum(['landing', 'table']) }),
});
const commitSchema = z.object({
  format: z.number().int(),
  batchId: z.number().int(),
  tableVersion: z.number().int().nullable(),
});

/** The model that scores a batch. */
export type BatchModel = z.infer<typeof modelSchema>;

/** `offsets/N`. */
export interface Offsets<Input = { kind: 'landing' | 'table' }> {
  format: number;
  queryId: string;
  batchId: number;
  /** Milliseconds since the epoch; every time that the batch itself writes into rows is this one. */
  plannedAt: number;
  /** The query's stamped options. */
  options: Record<string, string>;
  model: BatchModel | null;
  /** What the batch reads; `inputs.ts` knows the shape. */
  input: Input;
}

/** `commits/N`. */
export type Commit = z.infer<typeof commitSchema>;

export class WriteAheadLog {
  private constructor(
    readonly storage: Storage,
    readonly stream: string,
    readonly queryId: string,
    /** The newest planned batch, or -1. */
    private last: number,
    private oldest: number,
  ) {}

  /** Where the source keeps what it alone understands. */
  get sources(): Storage {
    return this.storage.at('sources');
  }

  /** The number of the newest planned batch; undefined when none was planned. */
  get lastBatchId(): number | undefined {
    return this.last < 0 ? undefined : this.last;
  }

  /**
   * Opens the log below `storage`; undefined when there is nothing at all.
   * @throws engine.checkpoint_missing, engine.checkpoint_corrupt, engine.checkpoint_newer
   */
  static async open(storage: Storage, stream: string): Promise<WriteAheadLog | undefined> {
    const planned = await numbers(storage, 'offsets/');
    const id = await readJson(storage, 'id', idSchema, stream);
    if (!id) {
      if (planned.length === 0) return undefined;
      throw missing(storage, 'id', stream);
    }
    const last = planned.at(-1) ?? -1;
    const committed = (await numbers(storage, 'commits/')).at(-1) ?? -1;
    if (committed > last) throw missing(storage, `offsets/${committed}`, stream);
    return new WriteAheadLog(storage, stream, id.queryId, last, planned[0] ?? 0);
  }

  /** Creates an empty log, or opens the one that another process created first. */
  static async create(storage: Storage, stream: string, queryId: string): Promise<WriteAheadLog> {
    await putJson(storage, 'id', { format: walFormat, queryId, stream });
    const log = await WriteAheadLog.open(storage, stream);
    if (!log) throw missing(storage, 'id', stream);
    return log;
  }

  /** A log that ends with one batch, which is in the table; below `storage` must be no other. */
  static async endingWith(storage: Storage, stream: string, last: Offsets, version: number): Promise<void> {
    const { batchId, queryId } = last;
    await putJson(storage, `offsets/${batchId}`, last);
    await putJson(storage, `commits/${batchId}`, { format: walFormat, batchId, tableVersion: version });
    // Last, for without it there is no log.
    await WriteAheadLog.create(storage, stream, queryId);
  }

  /** @throws engine.checkpoint_missing, engine.checkpoint_corrupt */
  async readOffsets(batchId: number): Promise<Offsets> {
    const path = `offsets/${batchId}`;
    const offsets = await readJson(this.storage, path, offsetsSchema, this.stream);
    if (!offsets) throw missing(this.storage, path, this.stream);
    if (offsets.queryId !== this.queryId || offsets.batchId !== batchId)
      throw corrupt(
        this.storage,
        path,
        this.stream,
        `query ${offsets.queryId} batch ${offsets.batchId}, expected query ${this.queryId} batch ${batchId}`,
      );
    return offsets;
  }

  /** The offsets of every batch from this one on, in order. @throws as `readOffsets` */
  async *offsetsFrom(batchId: number): AsyncIterable<Offsets> {
    for (let n = batchId; n <= this.last; n++) yield await this.readOffsets(n);
  }

  /** @throws engine.checkpoint_corrupt */
  readCommit(batchId: number): Promise<Commit | undefined> {
    return readJson(this.storage, `commits/${batchId}`, commitSchema, this.stream);
  }

  /**
   * Writes `offsets/N`, durable when it returns. `exists`: another process planned this batch, so this one must stop.
   */
  async plan(offsets: Offsets): Promise<'created' | 'exists'> {
    const outcome = await putJson(this.storage, `offsets/${offsets.batchId}`, offsets);
    if (outcome === 'created') this.last = offsets.batchId;
    return outcome;
  }

  /** Writes `commits/N`; one that is there already says the same. */
  async commit(batchId: number, tableVersion: number | null): Promise<void> {
    await putJson(this.storage, `commits/${batchId}`, { format: walFormat, batchId, tableVersion });
  }

  /**
   * Deletes what is older than the kept batches, but none from `neededFrom` on. It does nothing until half as many again
   * have gathered, so most calls cost nothing.
   */
  async trim(neededFrom: number): Promise<void> {
    const keepFrom = Math.min(this.last + 1 - batchesKept, neededFrom);
    if (keepFrom - this.oldest < batchesKept / 2) return;
    for (const folder of ['commits/', 'offsets/'])
      for (const batchId of await numbers(this.storage, folder))
        if (batchId < keepFrom) await this.storage.delete(`${folder}${batchId}`);
    this.oldest = keepFrom;
  }
}

/** The batch numbers below a folder, ascending. */
async function numbers(storage: Storage, folder: string): Promise<number[]> {
  const found: number[] = [];
  for await (const { path } of storage.list(folder)) {
    const name = path.slice(folder.length);
    if (/^\d+$/.test(name)) found.push(Number(name));
  }
  return found.sort((a, b) => a - b);
}

async function readJson<T extends { format: number }>(
  storage: Storage,
  path: string,
  schema: z.ZodType<T>,
  stream: string,
): Promise<T | undefined> {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(await storage.read(path));
  } catch (e) {
    if (isMurmurError(e, 'storage.not_found')) return undefined;
    if (e instanceof TypeError) throw corrupt(storage, path, stream, 'invalid UTF-8');
    throw e;
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (e) {
    throw corrupt(storage, path, stream, (e as Error).message);
  }
  const format = (value as { format?: unknown } | null)?.format;
  if (typeof format === 'number' && format > walFormat)
    throw new MurmurError(
      'engine.checkpoint_newer',
      `checkpoint file ${storage.uri(path)} has format ${format}; this Murmur knows formats up to ${walFormat}`,
      { fault: 'user', fix: 'use the newer Murmur that wrote it', context: { stream, file: path } },
    );
  const parsed = schema.safeParse(value);
  if (!parsed.success) throw corrupt(storage, path, stream, z.prettifyError(parsed.error));
  return parsed.data;
}

function putJson(storage: Storage, path: string, value: unknown): Promise<'created' | 'exists'> {
  return storage.putIfAbsent(path, new TextEncoder().encode(`${JSON.stringify(value)}\n`));
}

function corrupt(storage: Storage, path: string, stream: string, found: string): MurmurError {
  return new MurmurError(
    'engine.checkpoint_corrupt',
    `checkpoint file ${storage.uri(path)} of ${stream} cannot be read: ${found}`,
    { fault: 'external', fix: checkpointFix, context: { stream, file: path } },
  );
}

function missing(storage: Storage, path: string, stream: string): MurmurError {
  return new MurmurError(
    'engine.checkpoint_missing',
    `checkpoint file ${storage.uri(path)} of ${stream} is missing`,
    { fault: 'external', fix: checkpointFix, context: { stream, file: path } },
  );
}

/** What a user can do about a checkpoint that is lost, damaged or of another table. */
export const checkpointFix =
  'put the checkpoint back from a copy, or let `murmur doctor --fix` make it from the table';
