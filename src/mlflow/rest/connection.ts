/** How a tracking server is reached: where it is, who asks, how long to wait. */
import type { Clock } from '../../base/clock.js';

export interface Connection {
  /** As Python's client takes it, without credentials. */
  uri: string;
  /** Scheme, host and path before `/api`, without a slash at the end. */
  base: string;
  auth: Auth;
  /** Of one request, in milliseconds. Files have no limit but that of silence, which is Node's own. */
  timeoutMs: number;
  /** Tries after the first one. */
  retries: number;
  clock: Clock;
  fetch: typeof fetch;
}

export type Auth =
  | { kind: 'none' }
  | { kind: 'basic'; user: string; password: string }
  | { kind: 'token'; token: string; variable: string };

export function authorization(auth: Auth): Record<string, string> {
  switch (auth.kind) {
    case 'none':
      return {};
    case 'basic':
      return {
        authorization: `Basic ${Buffer.from(`${auth.user}:${auth.password}`, 'utf8').toString('base64')}`,
      };
    case 'token':
      return { authorization: `Bearer ${auth.token}` };
  }
}

/** What must not be seen in a message. */
export function secretOf(auth: Auth): string | undefined {
  if (auth.kind === 'none') return undefined;
  return auth.kind === 'basic' ? auth.password : auth.token;
}
