import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { LocalStorage } from '../../src/storage/local.js';
import { MemoryStorage } from '../../src/storage/memory.js';
import { storageContract } from './storage.contract.js';

const root = mkdtempSync(join(tmpdir(), 'murmur-storage-'));
afterAll(() => rmSync(root, { recursive: true }));
let roots = 0;

storageContract('local', async () => new LocalStorage(join(root, String(roots++))));
storageContract('memory', async () => new MemoryStorage());
