/** Real tweets by the ten and the hundred thousand: exact counts in every layer, bounded memory. */
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { countPosts } from '../e2e/ledger.js';
import { murmur, murmurJson, start, temporaryFolder } from '../e2e/murmur.js';
import { runWithKills, seededRandom } from '../e2e/random-kills.js';
import { expectSoundLake } from '../e2e/sound-lake.js';
import { watchMemory } from './pss.js';
import { haveTweets, landAsOneFile, landOneFileEach, textsOf, tweetLines } from './tweets.js';

const folder = temporaryFolder('murmur-volume-');
afterAll(folder.remove);

async function newLake(name: string): Promise<string> {
  const lake = join(folder.dir, name);
  expect((await murmur(['init', lake])).code).toBe(0);
  return lake;
}

// The tweets lie beside the project and never in it.
describe.skipIf(!haveTweets)('real tweets', () => {
  it('10,000 in one file', async () => {
    const lake = await newLake('one-file');
    const lines = tweetLines(10_000);
    landAsOneFile(lake, lines);
    const { seconds } = await murmurJson<{ seconds: number }>(['-C', lake, 'run', '--once']);
    console.log(`10,000 tweets in one file: ${seconds} s`);
    await expectSoundLake(lake, countPosts(textsOf(lines)));
  });

  it('10,000 in a file each leave at most 20 data files in bronze', async () => {
    const lake = await newLake('many-files');
    const lines = tweetLines(10_000);
    landOneFileEach(lake, lines);
    const { seconds } = await murmurJson<{ seconds: number }>(['-C', lake, 'run', '--once']);
    const { files } = await murmurJson<{ files: number }>(['-C', lake, 'table', 'describe', 'bronze']);
    console.log(`10,000 tweets in a file each: ${seconds} s, ${files} data files in bronze`);
    expect(files).toBeLessThanOrEqual(20);
    await expectSoundLake(lake, countPosts(textsOf(lines)));
  });

  it('100,000 within 900 MB', async () => {
    const lake = await newLake('all');
    const lines = tweetLines(100_000);
    landAsOneFile(lake, lines);
    const child = start(['-C', lake, 'run', '--once', '--json']);
    const memory = watchMemory(child.pid!);
    let stdout = '';
    child.stdout!.on('data', (text) => (stdout += text));
    child.stderr!.resume();
    const code = await new Promise((resolve) => child.on('close', resolve));
    const peak = memory.stop();
    expect(code).toBe(0);
    console.log(`100,000 tweets: ${JSON.parse(stdout).seconds} s, peak memory ${peak} MB`);
    expect(peak).toBeGreaterThan(100);
    expect(peak).toBeLessThan(900);
    await expectSoundLake(lake, countPosts(textsOf(lines)));
  });

  it('5,000 survive twenty kills at random moments', { timeout: 900_000 }, async () => {
    const lines = tweetLines(5_000);
    const ledger = countPosts(textsOf(lines));
    const random = seededRandom(Date.now());
    let hits = 0;
    for (let round = 0; round < 20; round++) {
      const lake = await newLake(`killed-${round}`);
      landAsOneFile(lake, lines);
      hits += await runWithKills(lake, [300 + random() * 6_000]);
      await expectSoundLake(lake, ledger);
    }
    console.log(`${hits} of 20 kills hit a run at work`);
    expect(hits).toBeGreaterThan(10);
  });
});
