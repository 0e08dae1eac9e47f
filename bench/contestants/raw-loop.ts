import { readFileSync } from 'node:fs';
import ort from 'onnxruntime-node';
import { planRuns } from '../../src/scoring/batcher.js';
import { loadBundle } from '../../src/scoring/bundle.js';
import { bundleFolder } from '../../src/scoring/bundle-folder.js';
import { preprocessOf } from '../../src/scoring/preprocess.js';
import { Tokenizer } from '../../src/scoring/tokenizer.js';
import { type Contestant, timed } from './contestant.js';

/** What one would write by hand, without processes, cache or checks. */
export function rawLoop(threads: number): Contestant {
  return {
    name: 'raw',
    async run(texts) {
      const bundle = await loadBundle(await bundleFolder('bundled'));
      const preprocess = preprocessOf(bundle.config.preprocess);
      const tokenizer = new Tokenizer(
        JSON.parse(readFileSync(bundle.files.tokenizer, 'utf8')),
        bundle.config.max_tokens,
      );
      const session = await ort.InferenceSession.create(bundle.files.model, {
        intraOpNumThreads: threads,
        interOpNumThreads: 1,
      });
      const seconds = await timed(texts, (some) =>
        scoreAll(
          session,
          some.map((text) => tokenizer.encode(preprocess(text))),
        ),
      );
      await session.release();
      return { seconds, remark: '' };
    },
  };
}

async function scoreAll(session: ort.InferenceSession, tokens: number[][]): Promise<void> {
  const lengths = tokens.map((ids) => ids.length);
  for (const { members, width } of planRuns(lengths, 'free')) {
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
}
