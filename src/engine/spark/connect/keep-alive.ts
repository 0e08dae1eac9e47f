/** A server forgets a session that is silent too long, and stops its streams: that they run is no sign of life to it. */
import type { Wire } from './wire.js';

/**
 * Touches the session whenever the server did not answer for `everyMs`, until the signal. Failures are not told here: the next
 * call of the session meets the same one, and has somebody to tell.
 */
export async function keepAlive(
  wire: Pick<Wire, 'clock' | 'answeredAt'>,
  everyMs: number,
  stop: AbortSignal,
  touch: (signal: AbortSignal) => Promise<unknown>,
): Promise<void> {
  let wait = everyMs;
  for (;;) {
    await wire.clock.sleep(wait, stop);
    if (stop.aborted) return;
    const silentMs = wire.clock.now() - wire.answeredAt;
    if (silentMs >= everyMs) await touch(stop).catch(() => undefined);
    wait = silentMs >= everyMs ? everyMs : everyMs - silentMs;
  }
}
