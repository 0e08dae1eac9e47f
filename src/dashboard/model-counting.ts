/** What the page is told of the models whose scores stand in gold, put together from the lake's figures. */
import type { Lake } from '../lake/lake.js';
import type { ModelFigures } from './messages.js';

/** @returns a function that gives the same object while the lake's figures are the same */
export function modelCounting({ figures }: Lake, driftLimit: number): () => Promise<ModelFigures> {
  let made: readonly unknown[] = [];
  let value: ModelFigures | undefined;
  return async () => {
    const [quality, last] = await Promise.all([figures.quality(), figures.lastScoring()]);
    if (value === undefined || made[0] !== quality || made[1] !== last) {
      made = [quality, last];
      value = { ...quality, last, drift_limit: driftLimit };
    }
    return value;
  };
}
