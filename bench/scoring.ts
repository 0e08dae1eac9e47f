/**
 * How much of the model's own speed reaches a user of the scorer. Rounds alternate in one run over the same distinct texts,
 * with the same cores and the same token budget, the cache off: a bare ONNX Runtime loop in this process (tokenize, sort by
 * length, batch, run), and `Scorer.score` in batches as large as the gold query's.
 *
 *     npm run bench -- scoring [TEXTS [ROUNDS]]
 */
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import ort from 'onnxruntime-node';
import { planRuns } from '../src/scoring/batcher.js';
import { loadBundle } from '../src/scoring/bundle.js';
import { grantedCores } from '../src/scoring/granted-cores.js';
import { bundleFolder, openScorer } from '../src/scoring/open-scorer.js';
import { preprocessOf } from '../src/scoring/preprocess.js';
import { Tokenizer } from '../src/scoring/tokenizer.js';

/** Posts in a batch of the gold query. */
const batch = 2_000;

/** One way to score texts; the benches of whole pipelines may add theirs. */
interface Contestant {
  name: string;
  start(): Promise<void>;
  score(texts: string[]): Promise<void>;
  stop(): Promise<string>;
}

export default async function scoring(args: string[]): Promise<void> {
  const texts = distinctTexts(Number(args[0] ?? 4_000));
  const rounds = Number(args[1] ?? 3);
  const cores = grantedCores();
  console.log(`${texts.length} distinct texts, ${cores} cores, ${rounds} rounds, cache off`);

  const contestants = [rawLoop(cores), scorer(cores)];
  const seconds = new Map<string, number[]>();
  for (let round = 0; round < rounds; round++) {
    for (const contestant of contestants) {
      await contestant.start();
      await contestant.score(texts.slice(0, 200));
      const started = performance.now();
      for (let at = 0; at < texts.length; at += batch) await contestant.score(texts.slice(at, at + batch));
      const took = (performance.now() - started) / 1000;
      const remark = await contestant.stop();
      seconds.set(contestant.name, [...(seconds.get(contestant.name) ?? []), took]);
      console.log(`round ${round + 1}  ${contestant.name.padEnd(8)} ${rate(texts, took)} texts/s  ${remark}`);
    }
  }
  for (const [which, of] of [
    ['median', median],
    ['best', (values: readonly number[]) => Math.min(...values)],
  ] as const) {
    const [raw, ours] = contestants.map((c) => of(seconds.get(c.name)!)) as [number, number];
    console.log(
      `${which}: raw ${rate(texts, raw)}, scorer ${rate(texts, ours)} texts/s, ${((100 * raw) / ours).toFixed(1)} % of raw`,
    );
  }
}

/** What one would write by hand, without processes, cache or checks. */
function rawLoop(threads: number): Contestant {
  let session: ort.InferenceSession;
  let encode: (text: string) => number[];
  return {
    name: 'raw',
    async start() {
      const bundle = await loadBundle(bundleFolder('bundled'));
      const preprocess = preprocessOf(bundle.config.preprocess);
      const tokenizer = new Tokenizer(
        JSON.parse(readFileSync(bundle.files.tokenizer, 'utf8')),
        bundle.config.max_tokens,
      );
      encode = (text) => tokenizer.encode(preprocess(text));
      session = await ort.InferenceSession.create(bundle.files.model, {
        intraOpNumThreads: threads,
        interOpNumThreads: 1,
      });
    },
    async score(texts) {
      const tokens = texts.map(encode);
      for (const { members, width } of planRuns(
        tokens.map((ids) => ids.length),
        'free',
      )) {
        const ids = new BigInt64Array(members.length * width);
        const mask = new BigInt64Array(members.length * width);
        members.forEach((i, row) => {
          tokens[i]!.forEach((id, column) => {
            ids[row * width + column] = BigInt(id);
            mask[row * width + column] = 1n;
          });
        });
        await session.run({
          input_ids: new ort.Tensor('int64', ids, [members.length, width]),
          attention_mask: new ort.Tensor('int64', mask, [members.length, width]),
        });
      }
    },
    async stop() {
      await session.release();
      return '';
    },
  };
}

function scorer(threads: number): Contestant {
  let open: Awaited<ReturnType<typeof openScorer>>;
  let loadedMs = 0;
  return {
    name: 'scorer',
    async start() {
      const started = performance.now();
      open = await openScorer({ bundle: 'bundled', threads, cache: false });
      await open.ready();
      loadedMs = performance.now() - started;
    },
    async score(texts) {
      await open.score(texts);
    },
    async stop() {
      const { tokens, padding, rss, loads } = open.stats();
      await open.close();
      const waste = ((100 * padding) / (tokens + padding)).toFixed(1);
      return `ready after ${loadedMs.toFixed(0)} ms, ${loads} workers with ${(rss / 2 ** 20).toFixed(0)} MiB, padding ${waste} %`;
    },
  };
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
