/** Files on Databricks: each by a URL that the workspace signs, and no credentials leave for the storage behind it. */
import { expect, it } from 'vitest';
import { systemClock } from '../../src/base/clock.js';
import { openStore } from '../../src/mlflow/open-store.js';

interface Sent {
  method: string;
  url: string;
  headers: Headers;
  body: unknown;
}

/** A workspace that signs whatever it is asked for, and a bucket that holds what was put. */
function workspace(type: string) {
  const sent: Sent[] = [];
  const bucket = new Map<string, string>();
  const answer = (value: unknown) => new Response(JSON.stringify(value));
  const fetch = async (input: string | URL | Request, init?: RequestInit): Promise<Response> => {
    const url = String(input);
    const text = init?.body == null ? '' : await new Response(init.body).text();
    const json = text.startsWith('{') ? JSON.parse(text) : text;
    sent.push({ method: init?.method ?? 'GET', url, headers: new Headers(init?.headers), body: json });
    const signed = (path: string) => ({
      signed_uri: `https://bucket.example/${path}?signature=s`,
      headers: [{ name: 'x-extra', value: 'e' }],
      type,
    });
    if (url.startsWith('https://bucket.example/')) {
      if (init?.method === 'PUT') bucket.set(url, text);
      return new Response(bucket.get(url));
    }
    if (url.includes('/logged-models/'))
      return answer({ credentials: [{ credential_info: signed(json.paths[0]) }] });
    if (url.includes('credentials-for')) return answer({ credential_infos: [signed(json.path[0])] });
    return answer({ files: [{ path: 'model/MLmodel', is_dir: false, file_size: '3' }] });
  };
  const env = { DATABRICKS_HOST: 'dbc.example', DATABRICKS_TOKEN: 'secret' };
  const store = openStore('databricks', {
    folder: '/',
    env,
    fetch: fetch as typeof globalThis.fetch,
    clock: systemClock,
  });
  return { store, sent, bucket };
}

it.each([
  ['dbfs:/databricks/mlflow-tracking/7/run1/artifacts', 'artifacts/credentials-for-write', 'a b/f'],
  [
    'dbfs:/databricks/mlflow-tracking/7/run1/artifacts/model',
    'artifacts/credentials-for-write',
    'model/a b/f',
  ],
  [
    'dbfs:/databricks/mlflow-tracking/7/logged_models/m-1/artifacts',
    'logged-models/m-1/artifacts/credentials-for-upload',
    'a b/f',
  ],
])('goes up and down below %s', async (uri, call, path) => {
  const { store, sent } = workspace('AWS_PRESIGNED_URL');
  const artifacts = store.artifacts(uri);
  await artifacts.put('a b/f', Buffer.from('content'));
  expect(Buffer.from(await artifacts.read('a b/f')).toString()).toBe('content');
  const [asked, put] = sent;
  expect(asked!.url).toBe(`https://dbc.example/api/2.0/mlflow/${call}`);
  expect(asked!.headers.get('authorization')).toBe('Bearer secret');
  expect(JSON.stringify(asked!.body)).toContain(`["${path}"]`);
  expect(put).toMatchObject({
    method: 'PUT',
    url: `https://bucket.example/${path}?signature=s`,
    body: 'content',
  });
  expect(put!.headers.get('authorization')).toBeNull();
  expect(put!.headers.get('x-extra')).toBe('e');
});

it('lists below its own folder', async () => {
  const { store } = workspace('AWS_PRESIGNED_URL');
  const artifacts = store.artifacts('dbfs:/databricks/mlflow-tracking/7/run1/artifacts/model');
  expect(await artifacts.list()).toEqual([{ path: 'MLmodel', isFolder: false, size: 3 }]);
});

it('names the kind of blob to Azure, and does not try its data lake', async () => {
  const azure = workspace('AZURE_SAS_URI');
  await azure.store.artifacts('dbfs:/databricks/mlflow-tracking/7/r/artifacts').put('f', Buffer.from('x'));
  expect(azure.sent[1]!.headers.get('x-ms-blob-type')).toBe('BlockBlob');
  const lake = workspace('AZURE_ADLS_GEN2_SAS_URI');
  await expect(
    lake.store.artifacts('dbfs:/databricks/mlflow-tracking/7/r/artifacts').put('f', Buffer.from('x')),
  ).rejects.toMatchObject({ code: 'mlflow.artifacts_unsupported' });
});
