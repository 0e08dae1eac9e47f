/** `murmur-lake/scoring`: sentiment of texts, by a verified model bundle in processes of its own. */
export { type Bundle, type BundleConfig, bundleDigestIn, loadBundle } from './bundle.js';
export { bundleFolder, type RemoteBundleOptions } from './bundle-folder.js';
export type { GoldenReport } from './golden.js';
export { type OpenScorerOptions, openScorer } from './open-scorer.js';
export type { Score, Scorer, ScorerModel, ScorerStats } from './scorer.js';
export { type BundleReport, verifyBundle } from './verify-bundle.js';
