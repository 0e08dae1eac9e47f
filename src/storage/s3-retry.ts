import { backoff } from '../base/backoff.js';
import type { S3Connection } from './s3-connection.js';
import { isTransient } from './s3-errors.js';

/** Times that a request is sent before its failure is told. */
export const tries = 6;

/** Does what may be done twice, and does it again when its failure may pass by itself. */
export async function retried<T>(connection: S3Connection, work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (e) {
      if (attempt === tries || !isTransient(e)) throw e;
      await pause(connection, attempt);
    }
  }
}

/** Before the next try; longer each time, and never the same for two processes. */
export function pause({ clock, random }: S3Connection, attempt: number): Promise<void> {
  return clock.sleep(backoff(attempt, 50, 5_000, random));
}
