/** From the name of a model to a scorer that is starting. */
import { isAbsolute, join, resolve } from 'node:path';
import { packageRoot } from '../base/package-root.js';
import { loadBundle } from './bundle.js';
import { grantedCores } from './granted-cores.js';
import { LexiconScorer } from './lexicon-scorer.js';
import { OnnxScorer } from './onnx-scorer.js';
import type { Scorer } from './scorer.js';

export interface OpenScorerOptions {
  /** `bundled`, `lexicon`, or the folder of a bundle. */
  bundle: string;
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
  const bundle = await loadBundle(bundleFolder(options.bundle));
  const { threads = 'auto', cache = true, runtime } = options;
  return new OnnxScorer(bundle, {
    threads: threads === 'auto' ? grantedCores() : threads,
    cache,
    ...(runtime === undefined ? {} : { runtime }),
  });
}

/** Folder of a bundle: `bundled` is the one in the package, all else a path from the working folder. */
export function bundleFolder(bundle: string): string {
  if (bundle === 'bundled') return join(packageRoot(), 'models', 'bundled');
  return isAbsolute(bundle) ? bundle : resolve(bundle);
}
