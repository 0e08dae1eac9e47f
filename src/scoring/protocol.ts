/** What goes over the channel between the scorer and a worker process (structured clone, in order). */
import { type Fault, MurmurError } from '../base/errors.js';
import type { Bundle } from './bundle.js';
import type { GoldenReport } from './golden.js';

export type ToWorker =
  /** Load this bundle; always the first message. */
  | { type: 'load'; bundle: Bundle; threads: number; runtime?: string | undefined }
  | { type: 'score'; piece: number; inputs: string[] }
  /** Release the session and exit. */
  | { type: 'close' };

export type FromWorker =
  | { type: 'ready'; goldens: GoldenReport; loadMs: number }
  /** The bundle cannot be served here, now or later. */
  | { type: 'refused'; error: PlainError }
  | {
      type: 'scored';
      piece: number;
      probabilities: Float64Array;
      tokens: number;
      padding: number;
      /** Resident memory of the worker, bytes. */
      rss: number;
    }
  /** The worker lives, but this piece gave an error. */
  | { type: 'failed'; piece: number; error: PlainError };

export interface PlainError {
  code: string;
  message: string;
  fault: Fault;
  fix: string | undefined;
  context: MurmurError['context'];
}

export function toPlain(e: unknown): PlainError {
  if (e instanceof MurmurError) {
    return { code: e.code, message: e.message, fault: e.fault, fix: e.fix, context: e.context };
  }
  const message = e instanceof Error ? e.message : String(e);
  return { code: 'internal.unexpected', message, fault: 'internal', fix: undefined, context: {} };
}

export function fromPlain(e: PlainError): MurmurError {
  const { fault, context } = e;
  return new MurmurError(
    e.code,
    e.message,
    e.fix === undefined ? { fault, context } : { fault, context, fix: e.fix },
  );
}
