/** Every failure of a call as a MurmurError: who is at fault, whether to try again, what to do. Spark's own exceptions hang under it as causes. */
import { Code, ConnectError } from '@connectrpc/connect';
import { asMurmurError, type ErrorDetails, MurmurError } from '../../../base/errors.js';
import { fromServer, isTransient } from './retry.js';
import { type FetchDetails, serverException } from './server-exception.js';
import { type SparkException, sparkExceptions } from './spark-exception.js';

/**
 * @param doing what was being done, as a gerund: `running SQL`
 * @param server `host:port`
 */
export async function explainFault(
  doing: string,
  server: string,
  e: unknown,
  fetchDetails: FetchDetails,
): Promise<MurmurError> {
  if (!(e instanceof ConnectError)) return asMurmurError(e);
  if (e.cause instanceof MurmurError) return e.cause;
  const refused = accessFault(doing, server, e);
  if (refused !== undefined) return refused;
  if (!fromServer(e) || e.code === Code.Unavailable) return connectionFault(doing, server, e);
  return exceptionFault(doing, await serverException(e, fetchDetails), isTransient(e));
}

/** The caller's own signal ended a call. */
export function aborted(doing: string, signal: AbortSignal): MurmurError {
  return new MurmurError('spark.aborted', `${doing}: given up by the caller`, {
    fault: 'user',
    cause: signal.reason,
  });
}

/** The server is another one than before, or forgot the session: what lived in the session is gone. */
export function sessionChanged(doing: string, why: string, cause?: unknown): MurmurError {
  return new MurmurError('spark.session_changed', `${doing}: ${why}`, {
    fault: 'external',
    fix: 'open a new session: views, settings and streams of the old one are gone and must be made again',
    ...(cause === undefined ? {} : { cause, context: contextOf(sparkExceptions(cause)) }),
  });
}

function accessFault(doing: string, server: string, e: ConnectError): MurmurError | undefined {
  if (e.code === Code.Unauthenticated)
    return new MurmurError('spark.token_refused', `${doing}: ${server} refused the token (${e.rawMessage})`, {
      fault: 'user',
      fix: 'check the token: it may be missing, wrong, or expired',
      cause: e,
    });
  if (e.code === Code.PermissionDenied)
    return new MurmurError(
      'spark.permission_denied',
      `${doing}: ${server} does not allow it (${e.rawMessage})`,
      {
        fault: 'user',
        fix: 'ask for the right to use this Spark server, or use another token',
        cause: e,
      },
    );
  if (e.code === Code.Unimplemented)
    return new MurmurError(
      'spark.not_spark',
      `${doing}: ${server} does not know this call (${e.rawMessage})`,
      {
        fault: 'user',
        fix: 'check that the address is that of a Spark Connect server, Spark 4.0 or newer',
        cause: e,
      },
    );
  return undefined;
}

function connectionFault(doing: string, server: string, e: ConnectError): MurmurError {
  if (e.code === Code.DeadlineExceeded)
    return new MurmurError('spark.timeout', `${doing}: no answer from ${server} in time`, {
      fault: 'external',
      retry: 'backoff',
      fix: 'look at what the server is doing (its UI, its log), or give the call more time',
      cause: e,
    });
  return new MurmurError('spark.unreachable', `${doing}: no answer from ${server} (${e.rawMessage})`, {
    fault: 'external',
    retry: 'backoff',
    fix: `start a Spark Connect server at ${server}, or check host, port and use_ssl`,
    cause: e,
  });
}

/** Rows go from the most telling to the least; the first that fits is taken. */
const kinds: readonly {
  code: string;
  fits: (chain: readonly SparkException[]) => boolean;
  details: Omit<ErrorDetails, 'cause' | 'context'>;
}[] = [
  {
    code: 'spark.interrupted',
    fits: (chain) => has(chain, /^OPERATION_CANCELED$/),
    details: { fault: 'user', fix: 'run it again: somebody interrupted it' },
  },
  {
    code: 'spark.operation_lost',
    fits: (chain) => has(chain, /^INVALID_HANDLE\.OPERATION_|^INVALID_CURSOR\./),
    details: {
      fault: 'external',
      fix: 'look whether it took effect before running it again: the server no longer knows how it ended',
    },
  },
  {
    code: 'spark.python_version',
    fits: (chain) => chain.some((x) => x.message.includes('PYTHON_VERSION_MISMATCH')),
    details: { fault: 'user', fix: 'name the Python version that the workers have; the message tells it' },
  },
  {
    code: 'spark.query_name_taken',
    fits: (chain) => chain.some((x) => /query with name .* (?:is|as) already active/is.test(x.message)),
    details: {
      fault: 'user',
      fix: 'stop the stream of that name first, or start this one under another name',
    },
  },
  {
    code: 'spark.conflict',
    fits: (chain) =>
      chain.some((x) => x.sqlState === '2D521' || /Concurrent\w+Exception$/.test(x.classes[0] ?? '')),
    details: {
      fault: 'external',
      retry: 'backoff',
      fix: 'run it again: another writer changed the table meanwhile',
    },
  },
  {
    code: 'spark.analysis',
    fits: (chain) => chain[0]!.classes.some((name) => /\b(?:AnalysisException|ParseException)$/.test(name)),
    details: { fault: 'user', fix: 'correct the statement, table, column or setting that the message names' },
  },
  {
    code: 'spark.query_failed',
    fits: (chain) => chain.some((x) => /^(?:22|42)/.test(x.sqlState ?? '')),
    details: { fault: 'user', fix: 'correct the data or the expression that the message names' },
  },
];

function exceptionFault(doing: string, exception: SparkException, transient: boolean): MurmurError {
  const chain = sparkExceptions(exception);
  const said = messageOf(chain);
  if (has(chain, /^INVALID_HANDLE\.SESSION_/)) return sessionChanged(doing, said, exception);
  const kind = kinds.find(({ fits }) => fits(chain));
  return new MurmurError(kind?.code ?? 'spark.query_failed', `${doing}: ${said}`, {
    ...(kind?.details ?? {
      fault: 'external',
      fix: 'see the causes below it, and the log of the Spark server',
      retry: transient ? 'backoff' : 'never',
    }),
    context: contextOf(chain),
    cause: exception,
  });
}

function messageOf(chain: readonly SparkException[]): string {
  const [first, last] = [chain[0]!.summary, chain.at(-1)!.summary];
  return first.includes(last) ? first : `${first}; cause: ${last}`;
}

/** The first error class, SQL state and piece of SQL that stand in the chain, and the class of the innermost exception. */
function contextOf(chain: readonly SparkException[]): Record<string, string | null> {
  const find = <T>(pick: (x: SparkException) => T | undefined) =>
    chain.map(pick).find((value) => value !== undefined);
  const python = find((x) => /Python in worker has different version: (\d+\.\d+)/.exec(x.message)?.[1]);
  return {
    errorClass: find((x) => x.errorClass) ?? null,
    sqlState: find((x) => x.sqlState) ?? null,
    fragment: find((x) => x.contexts[0]?.fragment) ?? null,
    rootClass: chain.at(-1)?.classes[0] ?? null,
    ...(python && { workerPython: python }),
  };
}

function has(chain: readonly SparkException[], errorClass: RegExp): boolean {
  return chain.some((x) => errorClass.test(x.errorClass ?? ''));
}
