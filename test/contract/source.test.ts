/** Files as a source: on a local disk, and through the storage seam alone. */
import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { openFileSource } from '../../src/sources/files/file-source.js';
import { LocalStorage } from '../../src/storage/local.js';
import { MemoryStorage } from '../../src/storage/memory.js';
import { TestClock } from '../sources/landing.js';
import { type SourcePlace, sourceContract } from './source.contract.js';

const forms: Record<string, (texts: readonly string[]) => string | Uint8Array> = {
  ndjson: (texts) => texts.map((text) => `${JSON.stringify({ text })}\n`).join(''),
  json: (texts) =>
    JSON.stringify(
      texts.map((text) => ({ text })),
      null,
      1,
    ),
  csv: (texts) => `text\n${texts.join('\n')}`,
  'ndjson.gz': (texts) => gzipSync(texts.map((text) => `${JSON.stringify({ text })}\n`).join('')),
};

async function localPlace(extension: string): Promise<SourcePlace> {
  const dir = mkdtempSync(join(tmpdir(), 'murmur-source-'));
  const landing = new LocalStorage(join(dir, 'landing'));
  mkdirSync(landing.root);
  const clock = new TestClock();
  let files = 0;
  return {
    async arrive(texts) {
      const name = `${String(files++).padStart(5, '0')}.${extension}`;
      writeFileSync(join(dir, name), forms[extension]!(texts));
      renameSync(join(dir, name), join(landing.root, name));
      clock.settle();
    },
    open: () => openFileSource({ storage: landing, state: new LocalStorage(join(dir, 'sources')), clock }),
    async close() {
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

async function memoryPlace(): Promise<SourcePlace> {
  const clock = new TestClock();
  const landing = new MemoryStorage(clock);
  const state = new MemoryStorage(clock);
  let files = 0;
  return {
    async arrive(texts) {
      await landing.put(`${String(files++).padStart(5, '0')}.ndjson`, Buffer.from(forms.ndjson!(texts)));
      clock.settle();
    },
    open: () => openFileSource({ storage: landing, state, clock }),
    async close() {},
  };
}

for (const extension of Object.keys(forms))
  sourceContract(`local .${extension} files`, () => localPlace(extension));
sourceContract('files in a store without folders', memoryPlace);
