import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { bundleArtifact } from '../../../src/engine/spark/scorer/bundle-artifact.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'murmur-artifact-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** The files of an archive, by the layout of POSIX ustar. */
function untar(data: Uint8Array): Record<string, string> {
  const bytes = Buffer.from(data);
  const files: Record<string, string> = {};
  const field = (at: number, from: number, length: number) =>
    bytes.toString('utf8', at + from, at + from + length).replace(/[\0 ].*$/s, '');
  let at = 0;
  while (bytes[at] !== 0) {
    const size = Number.parseInt(field(at, 124, 12), 8);
    const header = Buffer.from(bytes.subarray(at, at + 512));
    header.fill(' ', 148, 156);
    expect(Number.parseInt(field(at, 148, 8), 8)).toBe(header.reduce((sum, byte) => sum + byte, 0));
    expect(field(at, 257, 6)).toBe('ustar');
    files[field(at, 0, 100)] = bytes.toString('utf8', at + 512, at + 512 + size);
    at += 512 + Math.ceil(size / 512) * 512;
  }
  expect(bytes.length).toBe(at + 1024);
  return files;
}

it('holds the files of the bundle, and nothing that is hidden or compiled', async () => {
  const files = { MLmodel: 'a: b\n', 'model.onnx': 'x'.repeat(512), 'code/ü.py': 'é', empty: '' };
  mkdirSync(join(folder, 'code', '__pycache__'), { recursive: true });
  for (const [path, text] of Object.entries(files)) writeFileSync(join(folder, path), text);
  writeFileSync(join(folder, '.DS_Store'), 'hidden');
  writeFileSync(join(folder, 'code', '__pycache__', 'a.pyc'), 'compiled');
  const digest = createHash('sha256').update('a').digest('hex');
  const { name, data } = await bundleArtifact(folder, digest);
  expect(name).toBe(`murmur-bundle-${digest.slice(0, 16)}.tar`);
  expect(untar(data)).toEqual(files);
  expect((await bundleArtifact(folder, digest)).data).toEqual(data);
});

it('refuses a path that the format cannot hold', async () => {
  writeFileSync(join(folder, 'x'.repeat(101)), '');
  await expect(bundleArtifact(folder, 'd')).rejects.toMatchObject({
    code: 'spark.bundle_unsendable',
    fault: 'user',
  });
});
