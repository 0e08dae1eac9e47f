/** Real labelled tweets from beside the project; a suite that needs them skips only where they are absent. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { sharedData } from '../e2e/murmur.js';

const file = join(sharedData, 'sentiment140-100k.ndjson.gz');
export const haveTweets = existsSync(file);

/** The first `n` lines. */
export function tweetLines(n: number): string[] {
  return gunzipSync(readFileSync(file)).toString('utf8').split('\n').slice(0, n);
}

export function textsOf(lines: readonly string[]): string[] {
  return lines.map((line) => JSON.parse(line).text as string);
}

export function landAsOneFile(lake: string, lines: readonly string[]): void {
  mkdirSync(join(lake, 'landing'), { recursive: true });
  writeFileSync(join(lake, 'landing', 'tweets.ndjson'), `${lines.join('\n')}\n`);
}

export function landOneFileEach(lake: string, lines: readonly string[]): void {
  mkdirSync(join(lake, 'landing'), { recursive: true });
  for (const [i, line] of lines.entries()) writeFileSync(join(lake, 'landing', `tweet-${i}.json`), line);
}
