import { MurmurError } from '../base/errors.js';

/** Another process runs the same query. */
export function fenced(where: string, batchId: number): MurmurError {
  return new MurmurError('engine.fenced', `batch ${batchId} in ${where} was taken by another process`, {
    fault: 'user',
    fix: 'stop the other `murmur run` on this lake; one at a time may write it',
    context: { batchId },
  });
}
