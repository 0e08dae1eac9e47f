/** What `status` says of the models of a run, on either engine. */
import type { MurmurError } from '../../base/errors.js';
import type { DriftFigures } from '../../engine/engine.js';
import type { ServingStatus } from './serving.js';
import type { ShadowCounts } from './shadow.js';

interface TellableFault {
  code: string;
  message: string;
  fix: string | null;
}

export interface ModelStatus extends ServingStatus {
  /** As it stands in the settings. */
  written: string;
  /** Why the model of that name is not the one that scores. */
  fault: TellableFault | null;
  /** Counts of this run, by post. `agreement` is agreed / scored. */
  shadow: (ShadowCounts & { agreement: number | null; fault: TellableFault | null }) | null;
  /** `limit` is that of the alarms; `baseline_posts` null: they are still being gathered. */
  drift: {
    limit: number;
    baseline_posts: number | null;
    figures: DriftFigures | null;
    alarms: DriftMeasure[];
  };
}

export const driftMeasures = ['score_psi', 'length_psi', 'class_psi'] as const;
export type DriftMeasure = (typeof driftMeasures)[number];

export function tellable(error: MurmurError | undefined): TellableFault | null {
  return error === undefined ? null : { code: error.code, message: error.message, fix: error.fix ?? null };
}
