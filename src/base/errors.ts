/**
 * The one error class of Murmur. Every failure that a caller may meet is a `MurmurError` with a stable code,
 * whose fault it is, whether trying again can help, and what to do. Expected outcomes (a lost race, end of input)
 * are values, not errors.
 */

/** Whose fault: the user's input, the outside world (disk, network, another process), or a bug of ours. */
export type Fault = 'user' | 'external' | 'internal';

export interface ErrorDetails {
  /** Whose fault it is; decides the exit code of the command line. */
  fault: Fault;
  /** What the user can do, as one sentence or a command. */
  fix?: string;
  /** Whether the same call may succeed later without any change. Default `never`. */
  retry?: 'never' | 'backoff';
  cause?: unknown;
  /** Small values for machines: paths, versions, counts. Never a post's text. */
  context?: Record<string, string | number | boolean | null>;
}

export class MurmurError extends Error {
  override readonly name = 'MurmurError';
  readonly fault: Fault;
  readonly fix: string | undefined;
  readonly retry: 'never' | 'backoff';
  readonly context: Record<string, string | number | boolean | null>;

  /**
   * @param code stable, dotted, lower case: `room.what_happened` (`storage.not_found`)
   * @param message gerund or noun phrase, lower case, actual against expected
   */
  constructor(
    readonly code: string,
    message: string,
    details: ErrorDetails,
  ) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.fault = details.fault;
    this.fix = details.fix;
    this.retry = details.retry ?? 'never';
    this.context = details.context ?? {};
  }
}

/** True for a MurmurError, of the given code if one is named. */
export function isMurmurError(e: unknown, code?: string): e is MurmurError {
  return e instanceof MurmurError && (code === undefined || e.code === code);
}

/** Any thrown value as a MurmurError; what we did not foresee is a bug of ours (`internal.unexpected`). */
export function asMurmurError(e: unknown): MurmurError {
  if (e instanceof MurmurError) return e;
  const message = e instanceof Error ? e.message : String(e);
  return new MurmurError('internal.unexpected', message, { fault: 'internal', cause: e });
}
