/** The files that make a folder a bundle: what the model is, its goldens, its card, and `MLmodel` with the digests of all. */
import { randomUUID } from 'node:crypto';
import { readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stringify } from 'yaml';
import type { BundleConfig } from '../bundle.js';
import { fileDigest } from '../file-digest.js';
import type { GoldenCase } from '../golden.js';

/** As Python's YAML 1.1 reads it: a time without quotes would be no string there. */
const yamlStyle = { version: '1.1', lineWidth: 0 } as const;

export interface BundleParts {
  config: BundleConfig;
  goldens: readonly GoldenCase[];
  /** Markdown for people. */
  card: string;
  /** Path of the ONNX file in the folder. */
  model: string;
  now: number;
}

/** @param folder holds the model's file and `tokenizer.json`, and no `MLmodel` yet: whoever sees that sees all */
export async function writeBundle(folder: string, parts: BundleParts): Promise<void> {
  const { config, goldens, card, model, now } = parts;
  const cases = goldens.map(({ text, inputIds, probabilities }) =>
    JSON.stringify({ text, input_ids: inputIds, probabilities }),
  );
  await writeFile(join(folder, 'config.json'), `${JSON.stringify(config, null, 2)}\n`);
  await writeFile(join(folder, 'golden.json'), `[${cases.join(',\n')}]\n`);
  await writeFile(join(folder, 'README.md'), card);
  const files = (await readdir(folder)).sort();
  const digests: Record<string, string> = {};
  let size = 0;
  for (const file of files) {
    digests[file] = await fileDigest(join(folder, file));
    size += (await stat(join(folder, file))).size;
  }
  await writeFile(join(folder, 'MLmodel'), stringify(mlmodel(model, digests, size, now), yamlStyle));
}

function mlmodel(
  model: string,
  digests: Readonly<Record<string, string>>,
  size: number,
  now: number,
): object {
  return {
    flavors: {
      murmur: {
        config: 'config.json',
        model,
        tokenizer: 'tokenizer.json',
        golden: 'golden.json',
        golden_probabilities: 'probabilities',
        digests,
      },
      onnx: { data: model, providers: ['CPUExecutionProvider'], save_as_external_data: false },
    },
    model_size_bytes: size,
    model_uuid: randomUUID().replaceAll('-', ''),
    signature: {
      inputs: '[{"type": "string", "required": true}]',
      outputs:
        '[{"type": "string", "name": "sentiment", "required": true}, {"type": "double", "name": "score", "required": true}]',
      params: null,
    },
    utc_time_created: new Date(now).toISOString().replace('T', ' ').replace('Z', '000'),
  };
}
