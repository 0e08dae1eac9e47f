/** Why a stream failed, in our words where we know the cause: a worker's Python, another controller. */
import { MurmurError } from '../../base/errors.js';
import { rootCause, sparkExceptions } from './connect/index.js';
import { workerFault } from './scorer/worker-fault.js';

export function streamFault(stream: string, error: MurmurError): MurmurError {
  const chain = sparkExceptions(error);
  const told = chain.map(({ message }) => message).join('\n');
  if (
    chain.some(
      ({ errorClass, message }) => errorClass === 'CONCURRENT_QUERY' || /ConcurrentQuery/i.test(message),
    )
  )
    return new MurmurError(
      'engine.fenced',
      `${stream} was started by another process, which goes on with it`,
      {
        fault: 'user',
        fix: 'one Murmur runs a lake: stop one of the two',
        cause: error,
      },
    );
  return (
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
