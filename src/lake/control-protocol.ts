/**
 * What a running pipeline and those who talk to it say over the control socket: one JSON object a line, each way.
 *
 *     → {"id":1,"method":"status"}            ← {"id":1,"result":{…}}
 *     → {"id":2,"method":"stop","params":{"stream":"gold"}}   ← {"id":2,"error":{"code","fault","message","fix"}}
 *     → {"id":3,"method":"subscribe"}         ← {"id":3,"result":null}  {"event":{…}}  {"event":{…}} …
 */
import { type Fault, isMurmurError, MurmurError } from '../base/errors.js';

/** `hello` is answered as soon as the socket is bound, the others once the run has begun. */
export type ControlMethod = 'hello' | 'status' | 'start' | 'stop' | 'close' | 'subscribe';

export interface ControlRequest {
  id: number;
  method: ControlMethod;
  params?: { stream?: string };
}

export type ControlReply =
  | { id: number; result: unknown }
  | { id: number; error: WireError }
  | { event: unknown };

/** Who holds the lake. */
export interface ControlHello {
  pid: number;
}

/** The state of a run; `streams` are the engine's own statuses, handed through as they are. */
export interface ControlStatus<Stream = unknown> {
  pid: number;
  runId: string;
  /** Milliseconds since the epoch. */
  startedAt: number;
  /** Where the live page is, or null when there is none. */
  page: string | null;
  /** The run's log in MLflow; null or missing where none is kept. */
  mlflow?: MlflowRunStatus | null;
  streams: Stream[];
  /** What the run says of its models, handed through too; absent where nothing follows them. */
  model?: unknown;
}

export interface MlflowRunStatus {
  /** The tracking URI, without credentials. */
  uri: string;
  /** Null until the run is there. */
  runId: string | null;
  /** Why nothing can be logged at the moment, or null. */
  away: string | null;
}

/** An error as it crosses a process border: never a stack. */
export interface WireError {
  code: string;
  fault: Fault;
  message: string;
  fix: string | null;
}

/** Longest line that either side accepts, in UTF-16 units. */
export const maxLine = 1 << 20;

export function toWireError(error: unknown): WireError {
  if (isMurmurError(error)) {
    return { code: error.code, fault: error.fault, message: error.message, fix: error.fix ?? null };
  }
  const message = error instanceof Error ? error.message : String(error);
  return { code: 'internal.unexpected', fault: 'internal', message, fix: null };
}

export function fromWireError({ code, fault, message, fix }: WireError): MurmurError {
  return new MurmurError(code, message, { fault, ...(fix === null ? {} : { fix }) });
}

/** A message as a line; errors inside it in their wire form. */
export function encodeLine(message: ControlRequest | ControlReply): string {
  return `${JSON.stringify(message, (_key, value) => (value instanceof Error ? toWireError(value) : value))}\n`;
}

/** Cuts a stream of text into whole lines and parses each. A line that is not JSON, or is too long, is `undefined`. */
export class LineReader {
  #rest = '';

  push(chunk: string): unknown[] {
    const lines = (this.#rest + chunk).split('\n');
    this.#rest = lines.pop()!;
    const messages = lines.filter((line) => line !== '').map(parseLine);
    if (this.#rest.length > maxLine) {
      this.#rest = '';
      messages.push(undefined);
    }
    return messages;
  }
}

function parseLine(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
