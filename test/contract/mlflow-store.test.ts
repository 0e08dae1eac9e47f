/** The MLflow stores: a folder in MLflow's file layout, and a tracking server (a pretended one; the real one: test/real). */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import { openStore } from '../../src/mlflow/open-store.js';
import { FakeServer } from '../mlflow/fake-server.js';
import { mlflowStoreContract } from './mlflow-store.contract.js';

const folder = mkdtempSync(join(tmpdir(), 'murmur-mlruns-'));
let server: FakeServer;
beforeAll(async () => {
  server = await FakeServer.start();
});
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await server.close();
});

mlflowStoreContract('a folder', async () => openStore('', { folder }));
mlflowStoreContract('a tracking server', async () => openStore(server.uri, { folder }));
