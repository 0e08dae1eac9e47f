import type { Jar } from './pins.js';
import type { Environment } from './program.js';

/** What an installation is given, and whom it tells. */
export interface Installing {
  env: Environment;
  /** In the place of Delta's; for tests. */
  jars?: readonly Jar[];
  /** A step begins: a sentence for people. */
  onStep?: (what: string) => void;
  /** How far a download is. */
  onBytes?: (what: string, done: number, total: number) => void;
}
