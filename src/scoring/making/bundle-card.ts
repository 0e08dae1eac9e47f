/** What people should know of an imported model: where it is from, and what was assumed. */
import type { BundleConfig } from '../bundle.js';
import type { OnnxNature } from './onnx-nature.js';

export interface BundleOrigin {
  /** As the user wrote it: `hf:owner/name@rev`, a folder. */
  source: string;
  /** The exact state of it: a commit of the hub, a version of the registry. */
  revision?: string | undefined;
  licence?: string | undefined;
}

export function bundleCard(
  config: BundleConfig,
  about: BundleOrigin & { nature: OnnxNature; names: readonly string[] | undefined; assumed: boolean },
): string {
  const { classes = config.labels } = config;
  const outputs = classes.map((meaning, i) => `| ${i} | ${about.names?.[i] ?? ''} | ${meaning} |`);
  return `# ${config.name}, version ${config.version}

Imported from ${about.source}${about.revision === undefined ? '' : ` (${about.revision})`}.
Licence: ${about.licence ?? 'not stated where it came from; ask its makers'}.

| output | name | meaning |
|---|---|---|
${outputs.join('\n')}

${about.assumed ? 'The names only count; their meaning was taken from the usual order, which the golden texts bear out.\n\n' : ''}\
**Input.** ${config.preprocess.length === 0 ? 'The text as it is.' : `Steps in this order: ${config.preprocess.join(', ')}.`} Then at most ${config.max_tokens} tokens are read.

**Numbers.** ${about.nature.isQuantised ? 'Rounded to eight bits' : 'Floating point'}; ${
    config.batching === 'free'
      ? 'a score does not depend on the texts beside it.'
      : 'scored one text at a time, because in a batch a score would depend on its neighbours.'
  }

**Goldens.** ${'`golden.json`'} holds what ONNX Runtime in Node answered when the model was imported. How good it is on your posts:
\`murmur model evaluate\`.
`;
}
