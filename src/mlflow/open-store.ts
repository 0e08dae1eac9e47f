/** From a tracking URI and the environment, as MLflow's own client reads them, to a store. */
import { join, resolve } from 'node:path';
import { type Clock, systemClock } from '../base/clock.js';
import { MurmurError } from '../base/errors.js';
import type { Environment } from '../config/interpolate.js';
import { FileStore } from './file/file-store.js';
import { localPathOf } from './local-uri.js';
import type { Auth, Connection } from './rest/connection.js';
import { RestStore } from './rest/rest-store.js';
import type { MlflowStore } from './store.js';

export interface OpenStoreOptions {
  /** The folder that `mlruns/` is made in, and that a relative path starts from. */
  folder: string;
  /** `MLFLOW_TRACKING_*`, `MLFLOW_HTTP_REQUEST_*` and `DATABRICKS_*` are read. */
  env?: Environment;
  clock?: Clock;
  fetch?: typeof fetch;
}

/** Of MLflow's own client: seconds, and tries after the first. */
const defaultTimeout = 120;
const defaultRetries = 7;

/**
 * Opens the store of a tracking URI: nothing (`mlruns/` in the folder), a path or `file:` URI, `http(s)://…`, or
 * `databricks`. It does not connect.
 * @throws mlflow.uri_invalid, mlflow.setting_unsupported (user)
 */
export function openStore(uri: string, options: OpenStoreOptions): MlflowStore {
  const { folder, env = {}, clock = systemClock } = options;
  const given = uri.trim();
  if (given === '') return new FileStore(join(folder, 'mlruns'), { clock });
  const http = { clock, fetch: options.fetch ?? fetch, ...limitsOf(env) };
  if (/^databricks(:|$)/.test(given)) return new RestStore({ ...databricks(given, env), ...http });
  if (/^https?:/i.test(given)) return new RestStore({ ...server(given, env), ...http });
  const path = localPathOf(given);
  if (path !== undefined) return new FileStore(resolve(folder, path), { clock });
  throw new MurmurError('mlflow.uri_invalid', `MLflow tracking URI with scheme ${given.split(':')[0]}`, {
    fault: 'user',
    fix: 'use http(s)://…, databricks, or a folder; for a database start `mlflow server --backend-store-uri …` and use its address',
  });
}

function server(given: string, env: Environment): Pick<Connection, 'uri' | 'base' | 'auth'> {
  if (!URL.canParse(given)) {
    throw new MurmurError('mlflow.uri_invalid', 'MLflow tracking URI that is no URL', {
      fault: 'user',
      fix: 'use the form http://host:5000',
    });
  }
  const url = new URL(given);
  const inUrl = { user: decodeURIComponent(url.username), password: decodeURIComponent(url.password) };
  url.username = '';
  url.password = '';
  if (url.protocol === 'https:') refuseTlsSettings(env);
  const base = `${url.origin}${url.pathname}`.replace(/\/+$/, '');
  return { uri: base, base, auth: authOf(inUrl, env) };
}

/** As MLflow's client does: user and password go before the token. */
function authOf(inUrl: { user: string; password: string }, env: Environment): Auth {
  const { MLFLOW_TRACKING_USERNAME, MLFLOW_TRACKING_PASSWORD, MLFLOW_TRACKING_TOKEN } = env;
  if (MLFLOW_TRACKING_USERNAME && MLFLOW_TRACKING_PASSWORD) {
    return { kind: 'basic', user: MLFLOW_TRACKING_USERNAME, password: MLFLOW_TRACKING_PASSWORD };
  }
  if (MLFLOW_TRACKING_TOKEN) {
    return { kind: 'token', token: MLFLOW_TRACKING_TOKEN, variable: 'MLFLOW_TRACKING_TOKEN' };
  }
  return inUrl.user === '' ? { kind: 'none' } : { kind: 'basic', ...inUrl };
}

function databricks(given: string, env: Environment): Pick<Connection, 'uri' | 'base' | 'auth'> {
  const { DATABRICKS_HOST, DATABRICKS_TOKEN } = env;
  if (given !== 'databricks' || !DATABRICKS_HOST || !DATABRICKS_TOKEN) {
    const what = given === 'databricks' ? 'without DATABRICKS_HOST and DATABRICKS_TOKEN' : 'with a profile';
    throw new MurmurError('mlflow.setting_unsupported', `MLflow tracking URI databricks ${what}`, {
      fault: 'user',
      fix: 'use databricks, and set DATABRICKS_HOST (https://…) and DATABRICKS_TOKEN (a personal access token)',
    });
  }
  refuseTlsSettings(env);
  const { origin } = new URL(
    /^https?:/.test(DATABRICKS_HOST) ? DATABRICKS_HOST : `https://${DATABRICKS_HOST}`,
  );
  return {
    uri: 'databricks',
    base: origin,
    auth: { kind: 'token', token: DATABRICKS_TOKEN, variable: 'DATABRICKS_TOKEN' },
  };
}

/** Node's fetch trusts what the process trusts; a setting that it cannot keep must not be passed over. */
function refuseTlsSettings(env: Environment): void {
  const isSet = (name: string) =>
    env[name] !== undefined && !['', 'false', '0'].includes(env[name].toLowerCase());
  const name = [
    'MLFLOW_TRACKING_INSECURE_TLS',
    'MLFLOW_TRACKING_SERVER_CERT_PATH',
    'MLFLOW_TRACKING_CLIENT_CERT_PATH',
  ].find(isSet);
  if (name === undefined) return;
  throw new MurmurError('mlflow.setting_unsupported', `${name} is not supported`, {
    fault: 'user',
    fix: `unset ${name}; to trust a certificate start with NODE_EXTRA_CA_CERTS=/path/to/ca.pem`,
    context: { variable: name },
  });
}

function limitsOf(env: Environment): Pick<Connection, 'timeoutMs' | 'retries'> {
  return {
    timeoutMs: 1000 * (count(env, 'MLFLOW_HTTP_REQUEST_TIMEOUT') || defaultTimeout),
    retries: count(env, 'MLFLOW_HTTP_REQUEST_MAX_RETRIES') ?? defaultRetries,
  };
}

function count(env: Environment, name: string): number | undefined {
  const text = env[name];
  if (text === undefined || text === '') return undefined;
  if (/^\d{1,6}$/.test(text)) return Number(text);
  throw new MurmurError(
    'mlflow.setting_unsupported',
    `${name} is ${JSON.stringify(text)}, expected a whole number`,
    {
      fault: 'user',
      fix: `correct or unset ${name}`,
      context: { variable: name },
    },
  );
}
