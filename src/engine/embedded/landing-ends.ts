/**
 * Where the files of a batch ended, as it stands in the commit: all that the ledger of a landing place knows, so that a
 * lost one can be made again (`recovery/ledger-evidence.ts`). Where a batch began in a file is left out, for the batch before it
 * says so; so is what stood in a broken file, for posts do not belong into the log. A long list is packed, because every
 * reader of the log has to carry it.
 */
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import type { InputRange, RecordFault } from '../../sources/source.js';

/** The last place read in a file, with what is needed to read on. */
export type FileEnd = Omit<InputRange, 'from' | 'fault'> & { fault?: Omit<RecordFault, 'raw'> };

/** As JSON: the list itself, or its JSON text deflated (RFC 1951) in base64. */
export type LandingEnds = FileEnd[] | { deflate: string };

/** Characters of JSON up to which a list stays readable. */
const readableLength = 2_000;

export function packEnds(inputs: readonly InputRange[]): LandingEnds {
  const ends = inputs.map(({ from, fault, ...end }): FileEnd => {
    if (fault === undefined) return end;
    return { ...end, fault: { rule: fault.rule, reason: fault.reason } };
  });
  const text = JSON.stringify(ends);
  return text.length <= readableLength ? ends : { deflate: deflateRawSync(text).toString('base64') };
}

/** Ranges without rows that end where the packed ones did. @throws SyntaxError and zlib's errors for what is no such list */
export function unpackEnds(ends: LandingEnds): InputRange[] {
  const list = Array.isArray(ends)
    ? ends
    : (JSON.parse(inflateRawSync(Buffer.from(ends.deflate, 'base64')).toString()) as FileEnd[]);
  return list.map(({ fault, ...end }) => ({
    ...end,
    from: end.to,
    ...(fault && { fault: { ...fault, raw: '' } }),
  }));
}
