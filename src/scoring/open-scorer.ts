/** From the name of a model to a scorer that is starting. */
import { type Bundle, loadBundle } from './bundle.js';
import { bundleFolder, type RemoteBundleOptions } from './bundle-folder.js';
import { grantedCores } from './granted-cores.js';
import { LexiconScorer } from './lexicon-scorer.js';
import { OnnxScorer } from './onnx-scorer.js';
import type { Scorer } from './scorer.js';

export interface OpenScorerOptions {
  /** `bundled`, `lexicon`, or a bundle: its folder, `s3://bucket/prefix`, or the bundle itself. */
  bundle: string | Bundle;
  /** Where a bundle of another store is copied to, and how it is reached. */
  remote?: RemoteBundleOptions;
  /** Cores that scoring may use. Default `auto`: all that are granted. */
  threads?: number | 'auto';
  /** Default true. */
  cache?: boolean;
  /** Module in the place of ONNX Runtime; for tests. */
  runtime?: string;
}

/**
 * Opens a model and starts its workers. It does not wait for them: `ready()` or the first `score` does, and tells if the
 * runtime is missing or the goldens do not hold.
 * @throws scoring.bundle_missing, scoring.bundle_altered, scoring.bundle_invalid
 */
export async function openScorer(options: OpenScorerOptions): Promise<Scorer> {
  if (options.bundle === 'lexicon') return new LexiconScorer();
  const { bundle: named } = options;
  const bundle =
    typeof named === 'string' ? await loadBundle(await bundleFolder(named, options.remote)) : named;
  const { threads = 'auto', cache = true, runtime } = options;
  return new OnnxScorer(bundle, {
    threads: threads === 'auto' ? grantedCores() : threads,
    cache,
    ...(runtime === undefined ? {} : { runtime }),
  });
}
