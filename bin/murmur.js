#!/usr/bin/env node
// Finds the built program, from any folder and through any link, and hands over.
import { existsSync } from 'node:fs';
import { fileURLToPath, pathToFileURL } from 'node:url';

const needed = [20, 19];
const [major, minor] = process.versions.node.split('.').map(Number);
const main = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url));

if (major < needed[0] || (major === needed[0] && minor < needed[1])) {
  process.stderr.write(`murmur: needs Node ${needed.join('.')} or newer, this is ${process.versions.node}\n`);
  process.exitCode = 1;
} else if (!existsSync(main)) {
  const root = fileURLToPath(new URL('..', import.meta.url));
  process.stderr.write(
    `murmur: not built yet; run: npm --prefix ${root} ci && npm --prefix ${root} run build\n`,
  );
  process.exitCode = 1;
} else {
  const { start } = await import(pathToFileURL(main).href);
  await start(process);
}
