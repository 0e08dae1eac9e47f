import { MurmurError } from '../base/errors.js';

/** What a scorer says after its end. */
export function scorerClosed(): MurmurError {
  return new MurmurError('scoring.closed', 'scoring after the scorer was closed', { fault: 'internal' });
}
