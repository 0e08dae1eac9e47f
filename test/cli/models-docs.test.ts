/** docs/models.md says what is so: its commands and options exist, its tables are complete, and the life of a model is lived. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { measureNames } from '../../src/figures/sentiment-measures.js';
import { labelScheme } from '../../src/posts/labels.js';
import { preprocessSteps } from '../../src/scoring/preprocess.js';
import { writeTiny } from '../scoring/tiny-export.js';
import { call, callJson } from './call.js';

const read = (path: string) => readFileSync(fileURLToPath(new URL(`../../${path}`, import.meta.url)), 'utf8');
const page = read('docs/models.md');
const section = (title: string) => page.split(`\n## ${title}\n`)[1]!.split('\n## ')[0]!;
const commands = [...page.matchAll(/```sh\n(.*?)```/gs)]
  .flatMap(([, block]) => block!.split('\n'))
  .filter((line) => line.startsWith('murmur '))
  .map((line) => line.replace(/ +#.*$/, ''));

describe('docs/models.md', () => {
  it('names commands and options that there are', () => {
    const reference = read('docs/reference/cli.md');
    expect(commands.length).toBeGreaterThan(20);
    for (const command of commands) {
      const [, name] = /^(murmur (?:model [\w-]+|\w+))/.exec(command)!;
      const help = reference.split(`\n## ${name}\n`)[1]?.split('\n## ')[0];
      expect(help, command).toBeDefined();
      for (const [option] of command.matchAll(/--[\w-]+/g)) expect(help, command).toContain(option);
    }
  });

  it('names every measure, and every step before a model', () => {
    const told = new Set([...section('Is it good?').matchAll(/`(\w+)`/g)].map(([, name]) => name!));
    for (const name of [...measureNames, 'coverage', 'per_class', 'roc_auc', 'ece', 'confusion', 'slices']) {
      expect(told).toContain(name);
    }
    for (const step of preprocessSteps) expect(section('Bundles')).toContain(`\`${step}\``);
  });

  it('says of labels what they are taken for', () => {
    const table = section('Is it good?').split('| labels | meaning |')[1]!.split('\n\n')[0]!;
    const rows = [...table.matchAll(/^\| ([^|]*\d[^|]*) \| ([^|]*) \|$/gm)];
    expect(rows).toHaveLength(5);
    for (const [, sets, meaning] of rows) {
      for (const labels of sets!.split('; ')) {
        const scheme = labelScheme(labels.split(', '));
        expect(['ambiguous' in scheme, labels]).toEqual([meaning!.startsWith('not known'), labels]);
      }
    }
  });

  it('is linked from the README', () => {
    expect(read('README.md')).toContain('](docs/models.md)');
  });
});

describe('the life of a model', () => {
  let dir: string;
  const here = () => ({ cwd: join(dir, 'lake'), env: { MURMUR_MODEL: 'models:/sentiment@champion' } });
  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'murmur-models-docs-'));
    await callJson(['init', 'lake', '--sample', '40'], { cwd: dir });
    const rows = ['I love this\tpositive', 'I hate this\tnegative', 'the bus\tneutral'];
    writeFileSync(join(dir, 'lake', 'tweets.tsv'), `text\tlabel\n${rows.join('\n')}\n`);
    await callJson(['model', 'import', writeTiny(join(dir, 'first')), '--name', 'first'], here());
    await callJson(['run', '--once'], { ...here(), env: { MURMUR_MODEL: 'lexicon' } });
  });
  afterAll(() => rmSync(dir, { recursive: true, force: true }));

  it('is lived by its eight commands, one after the other', async () => {
    const life = commands.slice(0, 8);
    expect(life.at(-1)).toBe('murmur model rollback sentiment');
    const outputs: string[] = [];
    // Models of a few words take the place of large ones.
    const [source, rival] = [writeTiny(join(dir, 'tiny'), { config: { note: 'another' } }), 'lexicon'];
    for (const command of life) {
      const args = command
        .replace('hf:OWNER/NAME', source)
        .replace('register bundled ', 'register models/first ')
        .replace(' bundled ', ` ${rival} `)
        .split(' ')
        .slice(1)
        .filter(Boolean);
      const { code, stdout, stderr } = await call(args, here());
      expect([command, code, code === 0 ? '' : stderr]).toEqual([command, 0, '']);
      outputs.push(stdout);
    }
    expect(outputs[1]).toMatch(/macro recall +100\.0 %/);
    const versions = await callJson<{ n: number }[]>(
      ['sql', "select count(*) n from gold_v2 where model = 'sentiment/2'"],
      here(),
    );
    expect(versions[0]!.n).toBeGreaterThan(0);
    const [model] = await callJson<{ aliases: object }[]>(['model', 'ls'], here());
    expect(JSON.stringify(model)).toContain('"champion":"1"');
  });
});
