/** What the name of a file says: which format it has, and whether it is a file of posts at all. */
import type { FileFormat } from '../source.js';

const formats: Readonly<Record<string, FileFormat>> = {
  ndjson: 'ndjson',
  jsonl: 'ndjson',
  csv: 'csv',
  tsv: 'csv',
  parquet: 'parquet',
};

/** The format that the extension names for certain (`.json` names three), and whether `.gz` stands behind it. */
export function formatOfName(path: string): { format?: FileFormat; gzip: boolean } {
  const [, plain, gz] = /^(.*?)(\.gz)?$/is.exec(path)!;
  const extension = /\.([^./]+)$/.exec(plain!)?.[1]?.toLowerCase() ?? '';
  const format = formats[extension];
  return format === undefined ? { gzip: gz !== undefined } : { format, gzip: gz !== undefined };
}

const unfinished = /\.(tmp|part|crdownload)$/i;

/**
 * Why a path is no file of posts, or undefined: hidden names, and names under which programs write what is not yet
 * finished. A folder's name counts for all that is in it.
 */
export function ignoredBecause(path: string): string | undefined {
  for (const name of path.split('/').filter((part) => part !== '')) {
    if (name.startsWith('.')) return `${name} is hidden (it begins with a dot)`;
    if (name.startsWith('_')) return `${name} begins with an underscore`;
    const ending = unfinished.exec(name)?.[0];
    if (ending !== undefined) return `${name} is not finished (it ends in ${ending.toLowerCase()})`;
  }
  return undefined;
}
