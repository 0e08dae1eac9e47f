/**
 * Paths of files in a Delta log are percent-encoded URIs (PROTOCOL.md, "Add File and Remove File"): relative to the
 * table's root or absolute. On disk a file has the decoded name. A remove copies the add's path byte for byte; two
 * paths are the same file when their decoded, canonical forms are equal.
 */
import { MurmurError } from '../base/errors.js';
import type { DeletionVector } from './actions.js';

/** The literal path behind `add.path`; a text with a malformed `%` stands for itself. */
export function decodePath(path: string): string {
  if (!path.includes('%')) return path;
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

/**
 * `add.path` of a literal path relative to the table's root.
 * @throws delta.bad_path when the path is not well-formed Unicode
 */
export function encodePath(literal: string): string {
  try {
    return encodeURI(literal).replace(/[?#:]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
  } catch (cause) {
    throw new MurmurError('delta.bad_path', `file path with a lone surrogate: ${JSON.stringify(literal)}`, {
      fault: 'internal',
      cause,
    });
  }
}

/**
 * The directory of one partition value in Hive's layout, on disk (`region=US%2FEast`); `encodePath` turns the whole
 * path into `add.path` (`region=US%252FEast/…`). Null and the empty string are the same thing.
 */
export function partitionDirectory(column: string, value: string | null): string {
  const text = value === null || value === '' ? '__HIVE_DEFAULT_PARTITION__' : hiveEscape(value);
  return `${hiveEscape(column)}=${text}`;
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: Hive escapes control characters
const hiveEscaped = /[\x00-\x1f\x7f"#%'*/:=?\\{[\]^]/g;

function hiveEscape(text: string): string {
  return text.replace(hiveEscaped, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`);
}

/** What identifies a live file: its decoded path and its deletion vector. */
export function fileKey(file: { path: string; deletionVector?: DeletionVector | undefined }): string {
  const path = canonicalPath(decodePath(file.path));
  const dv = file.deletionVector;
  if (dv === undefined) return path;
  const offset = dv.offset === undefined ? '' : `@${dv.offset}`;
  return `${path}\u0000${dv.storageType}${dv.pathOrInlineDv}${offset}`;
}

/** `file:/a`, `file:///a` and `/a` name the same file. */
function canonicalPath(path: string): string {
  return path.startsWith('file:') ? path.slice(5).replace(/^\/+/, '/') : path;
}
