/** The built page: light, whole, and in need of nobody else. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build } from 'vite';
import { afterAll, beforeAll, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
let files: Map<string, string>;
let outDir: string;

beforeAll(async () => {
  outDir = mkdtempSync(join(tmpdir(), 'murmur-built-page-'));
  await build({
    configFile: join(root, 'vite.config.ts'),
    logLevel: 'error',
    build: { outDir, emptyOutDir: true },
  });
  const names = readdirSync(outDir, { recursive: true, encoding: 'utf8' }).filter(
    (name) => extname(name) !== '',
  );
  files = new Map(names.map((name) => [name, readFileSync(join(outDir, name), 'utf8')]));
});
afterAll(() => rmSync(outDir, { recursive: true, force: true }));

it('is less than 150 kB over the line', () => {
  const total = [...files.values()].reduce((sum, text) => sum + gzipSync(text).length, 0);
  expect(files.size).toBeGreaterThanOrEqual(4);
  expect(total).toBeLessThan(150_000);
});

it('holds no script or style in its HTML, which its own policy would refuse', () => {
  const html = files.get('index.html')!;
  expect(html).not.toMatch(/<script(?![^>]*\ssrc=)|<style|\sstyle=|\son\w+=/);
  expect(html).toMatch(/<script type="module"[^>]* src="\/assets\//);
});

it('names no other host', () => {
  for (const [name, text] of files) {
    const hosts = [...text.matchAll(/\bhttps?:\/\/([\w.-]+)/g)].map((match) => match[1]);
    expect({ name, hosts: hosts.filter((host) => host !== 'www.w3.org') }).toEqual({ name, hosts: [] });
  }
});
