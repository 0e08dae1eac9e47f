/** A real tracking server, and Python's client on both stores: each reads what the other wrote. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import { openStore } from '../../src/mlflow/open-store.js';
import { mlflowStoreContract } from '../contract/mlflow-store.contract.js';
import { type RealMlflow, startMlflow } from './setup/mlflow.js';

let server: RealMlflow;
const folder = mkdtempSync(join(tmpdir(), 'murmur-mlruns-'));
beforeAll(async () => {
  server = await startMlflow();
});
afterAll(async () => {
  await server?.close();
  rmSync(folder, { recursive: true, force: true });
});

mlflowStoreContract('MLflow itself', async () => openStore(server.uri, { folder }));
