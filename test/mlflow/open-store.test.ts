/** Which store a tracking URI and the environment lead to, and what is refused before anything is sent. */
import { expect, it } from 'vitest';
import type { MurmurError } from '../../src/base/errors.js';
import { openStore } from '../../src/mlflow/open-store.js';

const opened = (uri: string, env: Record<string, string> = {}) =>
  openStore(uri, { folder: '/lake', env }).uri;
const refusal = (uri: string, env: Record<string, string> = {}): MurmurError => {
  try {
    opened(uri, env);
  } catch (e) {
    return e as MurmurError;
  }
  return expect.fail('expected a refusal');
};

it.each([
  ['', 'file:///lake/mlruns'],
  [' ', 'file:///lake/mlruns'],
  ['runs here', 'file:///lake/runs%20here'],
  ['/elsewhere/mlruns', 'file:///elsewhere/mlruns'],
  ['file:///elsewhere/ml%20runs', 'file:///elsewhere/ml%20runs'],
  ['http://host:5000/', 'http://host:5000'],
  ['https://ann:secret@host/prefix/', 'https://host/prefix'],
])('%j is %s', (uri, expected) => {
  expect(opened(uri)).toBe(expected);
});

it('databricks needs a host and a token', () => {
  const both = { DATABRICKS_HOST: 'https://dbc.example/?o=1', DATABRICKS_TOKEN: 't' };
  expect(opened('databricks', both)).toBe('databricks');
  for (const [uri, env] of [
    ['databricks', {}],
    ['databricks', { DATABRICKS_TOKEN: 't' }],
    ['databricks://profile', both],
  ] as const) {
    expect(refusal(uri, env)).toMatchObject({ code: 'mlflow.setting_unsupported', fault: 'user' });
    expect(refusal(uri, env).fix).toContain('DATABRICKS_HOST');
  }
});

it('a database is no tracking server, and the fix says how it becomes one', () => {
  const e = refusal('postgresql://ann:secret@db/mlflow');
  expect(e).toMatchObject({ code: 'mlflow.uri_invalid', fault: 'user' });
  expect(e.fix).toContain('mlflow server');
  expect(e.message).not.toContain('secret');
  expect(refusal('http://')).toMatchObject({ code: 'mlflow.uri_invalid' });
});

it.each([
  'MLFLOW_TRACKING_INSECURE_TLS',
  'MLFLOW_TRACKING_SERVER_CERT_PATH',
  'MLFLOW_TRACKING_CLIENT_CERT_PATH',
])('%s is refused rather than ignored', (name) => {
  const e = refusal('https://host', { [name]: 'true' });
  expect(e).toMatchObject({ code: 'mlflow.setting_unsupported', context: { variable: name } });
  expect(e.fix).toContain('NODE_EXTRA_CA_CERTS');
  expect(opened('https://host', { [name]: 'false' })).toBe('https://host');
  expect(opened('http://host', { [name]: 'true' })).toBe('http://host');
});

it('limits are whole numbers', () => {
  expect(refusal('http://host', { MLFLOW_HTTP_REQUEST_TIMEOUT: 'soon' })).toMatchObject({
    code: 'mlflow.setting_unsupported',
    context: { variable: 'MLFLOW_HTTP_REQUEST_TIMEOUT' },
  });
});
