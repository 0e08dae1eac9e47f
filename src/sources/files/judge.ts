/** Holds a file as it is now against what was planned of it last. No I/O: what needs the content says so. */
import type { InputRange, RecordFault } from '../source.js';
import { faultOf } from './faults.js';
import type { ListedFile } from './listing.js';

export type Verdict =
  /** Nothing of it was read. */
  | { kind: 'new' }
  /** It goes on behind the last place read, if the text before that place is the same. */
  | { kind: 'more' }
  /** Read to its end. */
  | { kind: 'read' }
  /** Only its time is another: the content tells whether it was rewritten. */
  | { kind: 'touched' }
  /** It could not be opened, which is in quarantine; it is read when it can be. */
  | { kind: 'denied'; reason: string }
  | { kind: 'changed'; reason: string };

/** @param before the range of this file that was planned last, if one was */
export function judge(file: ListedFile, before: InputRange | undefined): Verdict {
  if (before === undefined) return { kind: 'new' };
  const isSame = file.size === before.size && file.mtimeMs === before.mtimeMs && file.etag === before.etag;
  if (isSame && before.last)
    return isDenied(before.fault) ? { kind: 'denied', reason: before.fault!.reason } : { kind: 'read' };
  if (before.to.byte === 0 && before.to.line === 0) return { kind: 'new' };
  if (isSame) return { kind: 'more' };
  if (before.format === 'parquet') return { kind: 'changed', reason: 'it was rewritten after it was read' };
  if (file.size > before.size) return { kind: 'more' };
  if (file.size === before.size) return { kind: 'touched' };
  return { kind: 'changed', reason: `it shrank from ${before.size} to ${file.size} bytes after it was read` };
}

const cannotOpen = 'cannot be opened: ';

/** The fault of a file that is there and cannot be opened. */
export function deniedFault(code: string): RecordFault {
  return faultOf('unreadable', `${cannotOpen}${code}`);
}

function isDenied(fault: RecordFault | undefined): boolean {
  return fault?.rule === 'unreadable' && fault.reason.startsWith(cannotOpen);
}

/** What became of the rest of a file that was not read to its end and is no longer there. */
export function vanishedReason({ to, size, format, gzip }: InputRange): string {
  const place = format === 'ndjson' && !gzip ? `byte ${to.byte} of ${size}` : `record ${to.line}`;
  return `it is gone, and was read to ${place} only`;
}

/** The error code by which a store says that one file cannot be opened, or undefined for any other failure. */
export function deniedCode(e: unknown): string | undefined {
  const { code, cause, context } = e as { code?: unknown; cause?: unknown; context?: { errno?: unknown } };
  for (const found of [context?.errno, code, (cause as { code?: unknown } | undefined)?.code])
    if (typeof found === 'string' && deniedCodes.has(found)) return found;
  return undefined;
}

const deniedCodes = new Set(['EACCES', 'EPERM', 'EIO', 'EISDIR', 'ELOOP', 'ENAMETOOLONG']);
