/** Why a stream failed, in our words where we know the cause: a rule, a worker's Python, a table that changed, another controller. */
import { MurmurError } from '../../base/errors.js';
import { rootCause, sparkExceptions } from './connect/index.js';
import { workerFault } from './python/worker-fault.js';
import { failedRule } from './sql/failed-rule.js';

export function streamFault(stream: string, error: MurmurError): MurmurError {
  const chain = sparkExceptions(error);
  const told = chain.map(({ message }) => message).join('\n');
  if (
    chain.some(
      ({ errorClass, message }) => errorClass === 'CONCURRENT_QUERY' || /ConcurrentQuery/i.test(message),
    )
  )
    return takenOver(stream, error);
  return (
    failedRule(told, error) ??
    workerFault(told, error) ??
    brokenInput(stream, error) ??
    otherSources(stream, told, error) ??
    new MurmurError(error.code, `${stream}: ${rootCause(error)?.summary ?? error.message}`, {
      fault: error.fault,
      retry: error.retry,
      ...(error.fix === undefined ? {} : { fix: error.fix }),
      context: error.context,
      cause: error,
    })
  );
}

const rowsGone = { code: 'delta.unexpected_change', what: 'rows that it may have read were removed from it' };
/** A stream reads appends, from where it stopped: what Delta says when the table before it is no longer such a one. */
const inputFaults: Readonly<Record<string, { code: string; what: string }>> = {
  DELTA_SOURCE_IGNORE_DELETE: rowsGone,
  DELTA_SOURCE_TABLE_IGNORE_CHANGES: rowsGone,
  DELTA_LOG_FILE_NOT_FOUND_FOR_STREAMING_SOURCE: {
    code: 'delta.log_gap',
    what: 'its log no longer reaches back to where the stream stopped',
  },
  DIFFERENT_DELTA_TABLE_READ_BY_STREAMING_SOURCE: {
    code: 'delta.table_replaced',
    what: 'another table stands in its place',
  },
};

function brokenInput(stream: string, error: MurmurError): MurmurError | undefined {
  for (const { errorClass = '', parameters } of sparkExceptions(error)) {
    const fault = inputFaults[errorClass];
    if (fault === undefined) continue;
    const version = parameters.version === undefined ? '' : `, in version ${parameters.version}`;
    // Spark's own advice is left out: without its checkpoint alone a stream would write every row again.
    return new MurmurError(
      fault.code,
      `${stream} cannot go on with the table that it reads: ${fault.what}${version}`,
      {
        fault: 'user',
        fix: `make what ${stream} writes, and what is behind it, anew: \`murmur rebuild ${stream}\``,
        context: { stream },
        cause: error,
      },
    );
  }
  return undefined;
}

/** Spark ends a stream, without calling it a failure, when another one begins with its checkpoint. */
export function takenOver(stream: string, cause?: unknown): MurmurError {
  return new MurmurError(
    'engine.fenced',
    `${stream} was taken over by another process, or stopped by somebody else`,
    {
      fault: 'user',
      fix: 'one Murmur runs a lake: look for another one, and for who stops streams on that server',
      cause,
    },
  );
}

/** The checkpoint holds offsets of as many sources as the plan had that wrote it. */
function otherSources(stream: string, told: string, cause: unknown): MurmurError | undefined {
  const [, kept, wanted] =
    /There are \[(\d+)\] sources in the checkpoint offsets and now there are \[(\d+)\]/.exec(told) ?? [];
  if (kept === undefined) return undefined;
  return new MurmurError(
    'engine.checkpoint_mismatch',
    `${stream}: its checkpoint is of a Murmur that read from ${kept} sources, this one reads from ${wanted}`,
    {
      fault: 'user',
      fix: `go on with the version of Murmur that began it, or make its table and what is behind it anew: \`murmur rebuild ${stream}\``,
      context: { stream },
      cause,
    },
  );
}
