/** The whole proof of a bundle, for `model verify`: files, digests, and the goldens on this machine. */
import { type Bundle, loadBundle } from './bundle.js';
import { bundleFolder } from './bundle-folder.js';
import type { GoldenReport } from './golden.js';
import type { ScorerModel } from './scorer.js';
import { WorkerPool } from './worker-pool.js';

export interface BundleReport extends GoldenReport {
  model: ScorerModel;
  /** What `maxDifference` must not exceed, in probability. */
  tolerance: number;
}

/**
 * Checks a bundle (`bundled`, a folder or `s3://…`) as scoring would, in a worker process of its own.
 * @throws scoring.bundle_missing, scoring.bundle_altered, scoring.bundle_invalid, scoring.golden_mismatch, scoring.runtime_missing
 */
export async function verifyBundle(named: string | Bundle): Promise<BundleReport> {
  const bundle = typeof named === 'string' ? await loadBundle(await bundleFolder(named)) : named;
  const pool = new WorkerPool(bundle, { threads: 1 });
  try {
    return { model: bundle.model, tolerance: bundle.config.tolerance, ...(await pool.ready()) };
  } finally {
    await pool.close();
  }
}
