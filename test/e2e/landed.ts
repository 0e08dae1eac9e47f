import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The texts of every post in a lake's landing folder (NDJSON files). */
export function landedTexts(lake: string): string[] {
  const landing = join(lake, 'landing');
  return readdirSync(landing)
    .flatMap((name) => readFileSync(join(landing, name), 'utf8').split('\n'))
    .filter(Boolean)
    .map((line) => JSON.parse(line).text as string);
}
