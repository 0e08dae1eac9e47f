import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LocalStorage } from '../../src/storage/local.js';
import { MemoryStorage } from '../../src/storage/memory.js';
import { storageContract } from './storage.contract.js';

storageContract('local', async () => new LocalStorage(await mkdtemp(join(tmpdir(), 'murmur-storage-'))));
storageContract('memory', async () => new MemoryStorage());
