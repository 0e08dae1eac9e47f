/** One post through every layer: where it stood, what became of it, who scored it, and which rules touched it. */
import { createHash } from 'node:crypto';
import { createReadStream, existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { MurmurError } from '../base/errors.js';
import type { Row } from '../duck/json-value.js';
import type { Lake } from '../lake/lake.js';
import type { Storage } from '../storage/storage.js';

export interface SourceLine {
  file: string;
  /** Physical line of a text file, or null where it was not found again (other formats, a file that is gone). */
  line: number | null;
  /** That line, cut to 4,000 characters. */
  text: string | null;
}

export interface Trace {
  post_id: string;
  source: SourceLine[];
  bronze: Row[];
  silver: Row[];
  gold: Row[];
  /** The rows of `application` that the post counts in. */
  application: Row[];
  /** Rules that took the post out. */
  quarantine: Row[];
  /** Models that scored it, as `name/version`. */
  models: string[];
}

/** @throws operate.no_such_post (user) when neither bronze nor quarantine knows the id */
export async function trace(lake: Lake, postId: string): Promise<Trace> {
  const of = async (table: string, order: string) =>
    (await lake.sql(`SELECT * FROM ${table} WHERE post_id = ? ORDER BY ${order}`, [postId])).rows;
  const bronze = await of('bronze', 'processing_time, source_file');
  const silver = await of('silver', 'mention');
  const gold = await of('gold', 'scored_at, mention');
  const quarantine = await of('quarantine', '"at"');
  if (bronze.length === 0 && quarantine.length === 0) throw noSuchPost(postId);
  const files = new Set([...bronze, ...quarantine].map((row) => row.source_file as string));
  return {
    post_id: postId,
    source: await Promise.all([...files].map((file) => findLine(lake.landing, file, postId))),
    bronze,
    silver,
    gold,
    application: await applicationOf(lake, gold),
    quarantine,
    models: [...new Set(gold.map((row) => row.model as string))],
  };
}

async function applicationOf(lake: Lake, gold: readonly Row[]): Promise<Row[]> {
  if (gold.length === 0) return [];
  const mentions = [...new Set(gold.map((row) => row.mention as string | null))];
  const named = mentions.filter((mention) => mention !== null);
  const conditions = [
    ...(named.length > 0 ? [`mention IN (${named.map(() => '?').join(', ')})`] : []),
    ...(mentions.includes(null) ? ['mention IS NULL'] : []),
  ];
  return (
    await lake.sql(`SELECT * FROM application WHERE ${conditions.join(' OR ')} ORDER BY mention`, named)
  ).rows;
}

/** The line that gave the post: the one whose own id it is, or whose place its id was made of. */
async function findLine(landing: Storage, file: string, postId: string): Promise<SourceLine> {
  const nowhere = { file, line: null, text: null };
  if (!/\.(nd)?jsonl?(\.gz)?$|\.txt(\.gz)?$/i.test(file)) return nowhere;
  const bytes = await opened(landing, file);
  if (bytes === undefined) return nowhere;
  const text = file.toLowerCase().endsWith('.gz') ? bytes.pipe(createGunzip()) : bytes;
  const lines = createInterface({ input: text, crlfDelay: Number.POSITIVE_INFINITY });
  const quoted = JSON.stringify(postId);
  const fromPlace = /^[0-9a-f]{32}$/.test(postId);
  let line = 0;
  try {
    for await (const each of lines) {
      line++;
      const found = fromPlace ? placeId(file, line) === postId : holdsId(each, postId, quoted);
      if (found) return { file, line, text: each.slice(0, 4000) };
    }
  } catch {
    return nowhere;
  } finally {
    lines.close();
    bytes.destroy();
  }
  return nowhere;
}

async function opened(landing: Storage, file: string): Promise<Readable | undefined> {
  const path = landing.localPath(file);
  if (path !== undefined) return existsSync(path) ? createReadStream(path) : undefined;
  const found = await landing.stat(file);
  return found && Readable.from([await landing.read(file)]);
}

/** An id that is a number may stand without quotes. */
function holdsId(line: string, postId: string, quoted: string): boolean {
  if (line.includes(quoted)) return true;
  return /^\d+$/.test(postId) && new RegExp(`:\\s*${postId}\\s*[,}]`).test(line);
}

/** The id of a post that brought none. */
function placeId(file: string, line: number): string {
  return createHash('sha256').update(`${file}\n${line}`).digest('hex').slice(0, 32);
}

function noSuchPost(postId: string): MurmurError {
  return new MurmurError(
    'operate.no_such_post',
    `tracing ${postId}: neither bronze nor quarantine has such a post`,
    {
      fault: 'user',
      fix: 'find ids with: murmur sql "select post_id, text from bronze limit 10"',
    },
  );
}
