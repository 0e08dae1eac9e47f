/** Why a stream failed, in our words where we know the cause: a rule, a worker's Python, another controller. */
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
    new MurmurError(error.code, `${stream}: ${rootCause(error)?.summary ?? error.message}`, {
      fault: error.fault,
      retry: error.retry,
      ...(error.fix === undefined ? {} : { fix: error.fix }),
      context: error.context,
      cause: error,
    })
  );
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
