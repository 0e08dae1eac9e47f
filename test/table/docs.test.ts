/** docs/delta.md says what is so: its feature table, its versions, its commands, and its examples, which run. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { features, type Support } from '../../src/delta/features.js';
import { deltaVersion, sparkVersion } from '../../src/spark-server/index.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const read = (path: string) => readFile(join(root, path), 'utf8');
const page = await read('docs/delta.md');

describe('docs/delta.md', () => {
  it('has the features of src/delta/features.ts, no more, no less', () => {
    const words: Record<Support, string> = { yes: 'yes', 'when inactive': 'while unused', no: 'refused' };
    const section = page.slice(page.indexOf('## Features'), page.indexOf('## Who reads'));
    const told = [...section.matchAll(/^\| `([\w-]+)` \| ([^|]+) \| ([^|]+) \|/gm)].map(
      ([, ...cells]) => cells,
    );
    expect(told).toEqual(
      Object.entries(features).map(([name, { read, write }]) => [name, words[read], words[write]]),
    );
  });

  it('names the versions with which the real suites run', async () => {
    const [, deltalake] = /deltalake==([\d.]+)/.exec(await read('test/real/readers.ts'))!;
    expect(page).toContain(
      `Spark ${sparkVersion} and Delta ${deltaVersion}, and with deltalake ${deltalake} `,
    );
    for (const [, suites] of page.matchAll(/^.*Suites: (.*)\.$/gm)) {
      for (const [, suite] of suites!.matchAll(/`([\w-]+)`/g)) await read(`test/real/${suite}.test.ts`);
    }
  });

  it('names commands that there are', async () => {
    const reference = await read('docs/reference/cli.md');
    const named = [...page.matchAll(/`murmur (table \w+|\w+)/g)].map(([, command]) => command!);
    expect(named.length).toBeGreaterThan(5);
    for (const command of named) expect(reference).toContain(`\n## murmur ${command}\n`);
  });

  it('is linked from the README', async () => {
    expect(await read('README.md')).toContain('](docs/delta.md)');
  });
});

describe('its examples', () => {
  let folder: string;
  const cwd = process.cwd();
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'murmur-docs-test-'));
    process.chdir(folder);
  });
  afterAll(async () => {
    process.chdir(cwd);
    await rm(folder, { recursive: true, force: true });
  });

  const examples = [...page.matchAll(/```ts\n(.*?)```/gs)].map(([, code]) => code!);

  it.each(examples.map((code, i) => [i, code] as const))('number %i runs', async (i, code) => {
    const module = join(root, 'src/table/index.ts');
    const file = join(folder, `example-${i}.ts`);
    await writeFile(file, code.replace("'murmur-lake/delta'", JSON.stringify(module)));
    const log = vi.spyOn(console, 'log').mockImplementation(() => {});
    await import(/* @vite-ignore */ file);
    expect(log.mock.calls.length).toBeGreaterThan(0);
    expect(JSON.stringify(log.mock.calls)).not.toContain('Ada');
    log.mockRestore();
  });

  it('are there', () => {
    expect(examples).toHaveLength(2);
  });
});
