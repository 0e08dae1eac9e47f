/**
 * A file in which no record has a text is a wrong mapping, not a heap of bad posts: the run stops and says which columns it
 * saw. A single record without one, where others have had it, is only a bad post.
 */
import type { DuckDatabase } from '../duck/index.js';
import { quoteString } from '../duck/sql-text.js';
import type { ColumnMapping } from '../posts/canonical.js';
import { type FoundColumns, findColumns, noTextColumn } from '../posts/find-columns.js';
import type { PlannedInput, RawRecord, Source } from '../sources/source.js';

/** Records of a file that are looked at. */
const sampleSize = 50;

type Fields = Record<string, unknown>;

/**
 * The same source, whose `read` stops at a file without a text column.
 * @param textSeen whether posts of this lake have had a text before
 */
export function withTextCheck(
  source: Source,
  mapping: ColumnMapping,
  duck: DuckDatabase,
  textSeen: boolean,
): Source {
  const judge = (file: string, samples: Fields[]): void => {
    const found: FoundColumns = findColumns(samples, mapping);
    if (found.hasText) textSeen = true;
    else if (samples.length > 1 || !textSeen) throw noTextColumn(file, found);
  };
  return new Proxy(source, {
    get(target, key) {
      if (key === 'read')
        return (input: PlannedInput, signal?: AbortSignal) => checked(target.read(input, signal));
      const value = Reflect.get(target, key, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });

  /** @throws posts.no_text_column (user) */
  async function* checked(chunks: AsyncIterable<RawRecord[]>): AsyncIterable<RawRecord[]> {
    let judged: string | undefined;
    for await (const chunk of chunks) {
      for (const [file, samples] of await samplesOf(chunk)) {
        if (file !== judged && samples.length > 0) judge(file, samples);
        judged = file;
      }
      yield chunk;
    }
  }

  /** The first records of each file in a chunk; a file's records are neighbours. */
  async function samplesOf(chunk: readonly RawRecord[]): Promise<Map<string, Fields[]>> {
    const samples = new Map<string, Fields[]>();
    for (const record of chunk) {
      const known = samples.get(record.source_file) ?? [];
      samples.set(record.source_file, known);
      if (known.length >= sampleSize) continue;
      if ('fields' in record) known.push(record.fields);
      if ('parquet' in record) known.push(...(await firstRows(record.parquet.uri)));
    }
    return samples;
  }

  /** None of a file that cannot be read: who loads it says why. */
  async function firstRows(uri: string): Promise<Fields[]> {
    const session = await duck.connect();
    try {
      return await session.rows(
        `SELECT * FROM read_parquet(${quoteString(uri)}, hive_partitioning = false) LIMIT 20`,
      );
    } catch {
      return [];
    } finally {
      await session.close();
    }
  }
}
