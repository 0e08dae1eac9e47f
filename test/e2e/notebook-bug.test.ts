/**
 * The bug that lost 99 % of a notebook's posts in silence (a regex that matched `@w+` instead of `@\w+`), injected in both of
 * its forms. Murmur must end with exit code 4 and name the rule and the layers.
 */
import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { call } from '../cli/call.js';
import { sqlRows, temporaryFolder } from './murmur.js';

const folder = temporaryFolder();
afterAll(folder.remove);

it('posts that vanish trip "posts kept" between bronze and silver', async () => {
  const lake = join(folder.dir, 'vanishing-posts');
  await call(['init', lake, '--sample', '1000']);
  appendFileSync(
    join(lake, 'murmur.yaml'),
    `\nexpect:\n  silver:\n    - { name: has a mention, rule: "regexp_matches(text, '^@w+')", action: drop }\n`,
  );
  const { code, stderr } = await call(['-C', lake, 'run', '--once', '--json']);
  expect(code).toBe(4);
  const { error } = JSON.parse(stderr.trim().split('\n').at(-1)!);
  expect(error.code).toBe('engine.rule_failed');
  expect(error.message).toContain('posts kept');
  expect(error.message).toContain('bronze → silver');
  expect(await sqlRows(lake, 'select count(*) n from silver')).toEqual([{ n: 0 }]);
  expect(await sqlRows(lake, 'select count(*) n from bronze')).toEqual([{ n: 1000 }]);
});

it('mentions that vanish while posts stay trip "mention_coverage"', async () => {
  const lake = join(folder.dir, 'vanishing-mentions');
  await call(['init', lake]);
  mkdirSync(join(lake, 'landing'), { recursive: true });
  const posts = Array.from({ length: 600 }, (_, i) =>
    JSON.stringify({
      id_str: `${i}`,
      user: 'ann',
      text: `hello @friend${i}, a fine day`,
      date: '2026-01-01',
      mentions: [],
    }),
  );
  writeFileSync(join(lake, 'landing', 'posts.ndjson'), `${posts.join('\n')}\n`);
  const { code, stderr } = await call(['-C', lake, 'run', '--once']);
  expect(stderr).toContain('mention_coverage');
  expect(stderr).toContain('bronze → silver');
  expect(code).toBe(4);
});
