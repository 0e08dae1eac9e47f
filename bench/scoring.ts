/**
 * How much of the model's own speed reaches a user. Rounds alternate in one run over the same distinct texts, with the same
 * cores and the same token budget, the cache off: a bare ONNX Runtime loop in this process (tokenize, sort by length,
 * batch, run), `Scorer.score` in batches as large as the gold query's, and the gold query of a real lake.
 *
 *     npm run bench -- scoring [TEXTS [ROUNDS]]
 */
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { grantedCores } from '../src/scoring/granted-cores.js';
import { goldQuery } from './contestants/gold-query.js';
import { rawLoop } from './contestants/raw-loop.js';
import { scorer } from './contestants/scorer.js';

export default async function scoring(args: string[]): Promise<void> {
  const texts = distinctTexts(Number(args[0] ?? 4_000));
  const rounds = Number(args[1] ?? 3);
  const cores = grantedCores();
  console.log(`${texts.length} distinct texts, ${cores} cores, ${rounds} rounds, cache off`);

  const contestants = [rawLoop(cores), scorer(cores), goldQuery(cores)];
  const seconds = new Map<string, number[]>(contestants.map(({ name }) => [name, []]));
  for (let round = 1; round <= rounds; round++) {
    for (const { name, run } of contestants) {
      const took = await run(texts);
      seconds.get(name)!.push(took.seconds);
      console.log(`round ${round}  ${name.padEnd(8)} ${rate(texts, took.seconds)} texts/s  ${took.remark}`);
    }
  }
  for (const [which, of] of [
    ['median', median],
    ['best', (values: readonly number[]) => Math.min(...values)],
  ] as const) {
    const raw = of(seconds.get('raw')!);
    const shares = [...seconds].map(([name, values]) => {
      const took = of(values);
      return `${name} ${rate(texts, took)} texts/s (${((100 * raw) / took).toFixed(1)} % of raw)`;
    });
    console.log(`${which}: ${shares.join(', ')}`);
  }
}

/** Real tweets where they are at hand, else made-up ones of the same length. */
function distinctTexts(count: number): string[] {
  const real = fileURLToPath(new URL('../../shared/data/sentiment140-100k.ndjson.gz', import.meta.url));
  const texts = new Set<string>();
  if (existsSync(real)) {
    const lines = gunzipSync(readFileSync(real)).toString().split('\n');
    for (const line of lines) {
      if (texts.size < count && line !== '') texts.add((JSON.parse(line) as { text: string }).text);
    }
  }
  for (let n = 0; texts.size < count; n++) texts.add(madeUpText(n));
  return [...texts];
}

function madeUpText(n: number): string {
  const words = 'the train was late again today and I still love how the sun came up over the bridge'.split(
    ' ',
  );
  return `${Array.from({ length: 4 + (n % 22) }, (_, i) => words[(n * 7 + i * 3) % words.length]).join(' ')} ${n}`;
}

function rate(texts: readonly string[], seconds: number): string {
  return (texts.length / seconds).toFixed(0).padStart(4);
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[sorted.length >> 1]!;
}
