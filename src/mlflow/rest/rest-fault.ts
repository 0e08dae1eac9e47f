/** From what a server answered, or that it did not, to an error that says what to do. */
import { type ErrorDetails, MurmurError } from '../../base/errors.js';
import { type Connection, secretOf } from './connection.js';

/** What is told about a failed request; the body may be HTML where something else answers in MLflow's place. */
export interface Refusal {
  status: number;
  body: string;
}

/** @param doing what the request was for: `logging to run 1a2b` */
export function refusalFault(connection: Connection, doing: string, { status, body }: Refusal): MurmurError {
  const { code, message } = parsed(body);
  const said = message === '' ? `status ${status}` : `${oneLine(message)} (status ${status})`;
  const text = `${doing}: MLflow at ${connection.uri} says ${without(secretOf(connection.auth), said)}`;
  const context = { uri: connection.uri, status, error_code: code ?? null };
  const fault = (name: string, details: ErrorDetails) =>
    new MurmurError(`mlflow.${name}`, text, { ...details, context });

  if (status === 403 && /host/i.test(message)) {
    return fault('forbidden', {
      fault: 'user',
      fix: 'start the server with `--allowed-hosts` that names the host of the tracking URI',
    });
  }
  if (status === 401 || code === 'UNAUTHENTICATED' || code === 'CUSTOMER_UNAUTHORIZED') {
    return fault('unauthorized', { fault: 'user', fix: credentialsFix(connection) });
  }
  if (status === 403 || code === 'PERMISSION_DENIED') {
    return fault('forbidden', {
      fault: 'user',
      fix: `ask for the permission, or use another account: ${credentialsFix(connection)}`,
    });
  }
  if (code === 'RESOURCE_ALREADY_EXISTS') {
    return fault('already_exists', { fault: 'user', fix: 'take another name, or use the one that is there' });
  }
  if (code === 'RESOURCE_DOES_NOT_EXIST' || code === 'NOT_FOUND') {
    return fault('not_found', {
      fault: 'user',
      fix: 'check the name, and MLFLOW_TRACKING_URI',
    });
  }
  if (status === 404 && code === undefined) {
    return fault('no_api', {
      fault: 'user',
      fix: 'set MLFLOW_TRACKING_URI to the address of an MLflow server of version 2.9 or newer',
    });
  }
  if (status === 429 || status === 408 || status >= 500) {
    return fault('unavailable', { fault: 'external', retry: 'backoff', fix: 'try again later' });
  }
  return fault('refused', { fault: 'user', fix: 'correct what the server names' });
}

/** A request without an answer. */
export function unreachableFault(connection: Connection, doing: string, cause: unknown): MurmurError {
  const reason = (cause as { cause?: { code?: string; message?: string } } | undefined)?.cause;
  const timedOut = (cause as Error | undefined)?.name === 'TimeoutError';
  const code = reason?.code ?? null;
  const why = timedOut
    ? `no answer within ${connection.timeoutMs / 1000} s`
    : (code ?? reason?.message ?? (cause instanceof Error ? cause.message : String(cause)));
  return new MurmurError(
    'mlflow.unreachable',
    `${doing}: no answer from MLflow at ${connection.uri}: ${oneLine(why)}`,
    {
      fault: 'external',
      retry: 'backoff',
      fix: isCertificate(code)
        ? 'trust the certificate of the server: NODE_EXTRA_CA_CERTS=/path/to/ca.pem'
        : 'start the server, or correct MLFLOW_TRACKING_URI',
      cause: timedOut || code === null ? cause : reason,
      context: { uri: connection.uri, reason: code },
    },
  );
}

export function answerFault(connection: Connection, doing: string, what: string): MurmurError {
  return new MurmurError(
    'mlflow.answer_invalid',
    `${doing}: unexpected answer from ${connection.uri}: ${what}`,
    {
      fault: 'external',
      fix: 'check that MLFLOW_TRACKING_URI is that of an MLflow server of version 2.9 or newer',
      context: { uri: connection.uri },
    },
  );
}

function credentialsFix({ auth }: Connection): string {
  switch (auth.kind) {
    case 'none':
      return 'set MLFLOW_TRACKING_TOKEN, or MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD';
    case 'basic':
      return 'correct MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD';
    case 'token':
      return `correct ${auth.variable}`;
  }
}

function parsed(body: string): { code: string | undefined; message: string } {
  try {
    const { error_code, message } = JSON.parse(body) as Record<string, unknown>;
    return {
      code: typeof error_code === 'string' ? error_code : undefined,
      message: typeof message === 'string' ? message : '',
    };
  } catch {
    return { code: undefined, message: /^\s*</.test(body) ? '' : body };
  }
}

function isCertificate(code: string | null): boolean {
  return code !== null && /CERT|SELF_SIGNED|UNABLE_TO_VERIFY/.test(code);
}

function oneLine(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim();
  return line.length > 300 ? `${line.slice(0, 300)}…` : line;
}

function without(secret: string | undefined, text: string): string {
  return secret === undefined || secret === '' ? text : text.replaceAll(secret, '***');
}
