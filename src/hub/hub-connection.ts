/** How the hub is spoken to: where, as whom, how patiently; and what its refusals mean. */
import { backoff } from '../base/backoff.js';
import { type Clock, systemClock } from '../base/clock.js';
import { MurmurError } from '../base/errors.js';

export interface HubOptions {
  /** `HF_ENDPOINT` (default the public hub) and `HF_TOKEN` are read. */
  env?: Readonly<Record<string, string | undefined>>;
  clock?: Clock;
  fetch?: typeof fetch;
}

/** What every call of the library takes. */
export interface HubConnection {
  hubUrl: string;
  accessToken?: string;
  fetch: typeof fetch;
}

const publicHub = 'https://huggingface.co';
const tries = 5;
const timeoutMs = 60_000;
const firstWaitMs = 500;
const longestWaitMs = 20_000;

/**
 * @param about what is asked for, for messages: `hf:owner/name`
 * @throws hub.setting_invalid (user)
 */
export function hubConnection(about: string, options: HubOptions): HubConnection {
  const { env = {}, clock = systemClock } = options;
  const hubUrl = (env.HF_ENDPOINT || publicHub).replace(/\/+$/, '');
  if (!/^https?:$/.test(URL.canParse(hubUrl) ? new URL(hubUrl).protocol : '')) {
    throw setting('HF_ENDPOINT', 'is no URL', 'set it to the address of a hub, like https://hub.example.org');
  }
  const token = env.HF_TOKEN?.trim();
  if (token !== undefined && token !== '' && !token.startsWith('hf_')) {
    throw setting('HF_TOKEN', 'does not begin with hf_', 'set it to an access token of the hub, or unset it');
  }
  const call = patient(options.fetch ?? fetch, clock, { about, hubUrl, hasToken: Boolean(token) });
  return { hubUrl, ...(token ? { accessToken: token } : {}), fetch: call };
}

interface Asked {
  about: string;
  hubUrl: string;
  hasToken: boolean;
}

/** A fetch that tries again where that can help, and rejects every other answer but a good one. */
function patient(call: typeof fetch, clock: Clock, asked: Asked): typeof fetch {
  return async (input, init) => {
    for (let attempt = 0; ; attempt++) {
      const outcome = await attemptOf(call, input, init, asked);
      if (outcome instanceof Response) return outcome;
      if (outcome.retry === 'never' || attempt + 1 === tries) throw outcome;
      await clock.sleep(backoff(attempt, firstWaitMs, longestWaitMs));
    }
  };
}

async function attemptOf(
  call: typeof fetch,
  input: Parameters<typeof fetch>[0],
  init: RequestInit | undefined,
  asked: Asked,
): Promise<Response | MurmurError> {
  // Only for the head of an answer: a body may take as long as it flows.
  const patience = new AbortController();
  const timer = setTimeout(() => patience.abort(new Error(`no answer in ${timeoutMs / 1000} s`)), timeoutMs);
  try {
    const response = await call(input, { ...init, signal: patience.signal });
    if (response.ok) return response;
    await response.body?.cancel();
    return refusal(response, asked);
  } catch (cause) {
    return unreachable(asked, cause);
  } finally {
    clearTimeout(timer);
  }
}

export function unreachable({ about, hubUrl }: Pick<Asked, 'about' | 'hubUrl'>, cause: unknown): MurmurError {
  const why = cause instanceof Error ? `${cause.message}${reasonOf(cause)}` : String(cause);
  return new MurmurError('hub.unreachable', `asking the hub at ${hubUrl} for ${about}: ${why}`, {
    fault: 'external',
    retry: 'backoff',
    fix: 'check the network, or set HF_ENDPOINT to a mirror; a folder that is already here can be imported by its path',
    cause,
    context: { hub: hubUrl },
  });
}

function reasonOf({ cause }: Error): string {
  return cause instanceof Error && cause.message !== '' ? ` (${cause.message})` : '';
}

/** `X-Error-Code` says more than the status, which hides private repositories behind 401. */
function refusal({ status, headers }: Response, asked: Asked): MurmurError {
  const code = headers.get('x-error-code') ?? '';
  const { about, hubUrl, hasToken } = asked;
  const context = { hub: hubUrl, status };
  const token = hasToken ? 'the token of HF_TOKEN' : 'a token (none is in HF_TOKEN)';
  if (code === 'GatedRepo' || (status === 403 && code !== 'DisabledRepo')) {
    return new MurmurError('hub.gated', `${about} is gated: ${token} needs access to it`, {
      fault: 'user',
      fix: `ask for access on ${hubUrl}, and set HF_TOKEN to a token of that account`,
      context,
    });
  }
  if (code === 'RevisionNotFound') {
    return new MurmurError('hub.not_found', `${about}: no such revision`, {
      fault: 'user',
      fix: 'name a branch, tag or commit that the repository has, or leave out @REVISION',
      context,
    });
  }
  if (status === 401 || status === 404) {
    return new MurmurError('hub.not_found', `no model ${about} at ${hubUrl}, or it is private`, {
      fault: 'user',
      fix: `check the name; for a private model set HF_TOKEN${hasToken ? ' to a token that may read it' : ''}`,
      context,
    });
  }
  const mayPass = status === 429 || status >= 500;
  return new MurmurError('hub.refused', `asking the hub at ${hubUrl} for ${about}: status ${status}`, {
    fault: 'external',
    retry: mayPass ? 'backoff' : 'never',
    fix: mayPass ? 'try again later' : 'check that HF_ENDPOINT is the address of a hub',
    context,
  });
}

function setting(name: string, what: string, fix: string): MurmurError {
  return new MurmurError('hub.setting_invalid', `${name} ${what}`, {
    fault: 'user',
    fix,
    context: { variable: name },
  });
}
