/** Copies of the bundled model that a test may spoil. */
import { createHash } from 'node:crypto';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { packageRoot } from '../../src/base/package-root.js';

export class BundleCopy {
  readonly folder = join(mkdtempSync(join(tmpdir(), 'murmur-bundle-')), 'model');

  constructor() {
    cpSync(join(packageRoot(), 'models', 'bundled'), this.folder, { recursive: true });
    onTestFinished(() => rmSync(join(this.folder, '..'), { recursive: true }));
  }

  path(file: string): string {
    return join(this.folder, file);
  }

  /** Changes a text file behind the back of its digest. */
  alter(file: string, change: (text: string) => string): this {
    const text = readFileSync(this.path(file), 'utf8');
    const changed = change(text);
    if (changed === text) throw new Error(`nothing changed in ${file}`);
    writeFileSync(this.path(file), changed);
    return this;
  }

  /** Changes a text file and its digest: the bundle is whole, but another one. */
  remake(file: string, change: (text: string) => string): this {
    const before = sha256(readFileSync(this.path(file)));
    this.alter(file, change);
    return this.alter('MLmodel', (text) => text.replace(before, sha256(readFileSync(this.path(file)))));
  }
}

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}
