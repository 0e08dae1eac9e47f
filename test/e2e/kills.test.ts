/** Three kills in the middle of work lose nothing and repeat nothing. Twenty, on real tweets, are in test/real. */
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { landedTexts } from './landed.js';
import { countPosts } from './ledger.js';
import { murmur, temporaryFolder } from './murmur.js';
import { runWithKills, seededRandom } from './random-kills.js';
import { expectSoundLake } from './sound-lake.js';

const folder = temporaryFolder();
afterAll(folder.remove);

it('a run killed three times ends with every post exactly once', { timeout: 120_000 }, async () => {
  const lake = join(folder.dir, 'lake');
  await murmur(['init', lake, '--sample', '2000']);
  const random = seededRandom(7);
  const hits = await runWithKills(
    lake,
    [1, 2, 3].map(() => 900 + random() * 2_000),
  );
  expect(hits).toBeGreaterThan(0);
  await expectSoundLake(lake, countPosts(landedTexts(lake)));
});
