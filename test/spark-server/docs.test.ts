/** docs/spark.md says what is so: versions, packages, codes and commands. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { packageRoot } from '../../src/base/package-root.js';
import { workerPackages } from '../../src/engine/spark/python/worker-fault.js';
import {
  deltaVersion,
  oldestJava,
  oldestPython,
  pythonPackages,
  sparkVersion,
} from '../../src/spark-server/pins.js';

const page = readFileSync(join(packageRoot(), 'docs', 'spark.md'), 'utf8');

it('names the versions that are installed, and the oldest that will do', () => {
  expect(page).toContain(`Spark ${sparkVersion} `);
  expect(page).toContain(`Delta ${deltaVersion} `);
  expect(page).toContain(`Java ${oldestJava} and Python ${oldestPython} or newer`);
});

it('has the line that installs what workers need, which is what a local Spark gets', () => {
  expect(page).toContain(`python -m pip install ${workerPackages.join(' ')}\n`);
  const installed = pythonPackages.map((pinned) => pinned.replace(/==.*/, ''));
  expect(installed).toEqual(expect.arrayContaining([...workerPackages]));
});

it('names the codes of the workers, and commands that there are', () => {
  const source = ['src/engine/spark/python/worker-fault.ts', 'src/engine/spark/connect/faults.ts']
    .map((path) => readFileSync(join(packageRoot(), path), 'utf8'))
    .join();
  const codes = [...page.matchAll(/^\| `(spark\.\w+)` \|/gm)].map(([, code]) => code!);
  expect(codes.length).toBeGreaterThan(4);
  for (const code of codes) expect(source).toContain(`'${code}'`);
  const reference = readFileSync(join(packageRoot(), 'docs/reference/cli.md'), 'utf8');
  for (const [, command] of page.matchAll(/`?murmur (spark \w+)/g))
    expect(reference).toContain(`\n## murmur ${command}\n`);
});
