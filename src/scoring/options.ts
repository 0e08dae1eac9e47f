/** What can be set about scoring. */
import { z } from 'zod';
import { autoOrCount } from '../config/units.js';

/** How a stream scores. */
export const scoringOptions = z.strictObject({
  threads: autoOrCount()
    .prefault('auto')
    .describe('cores that scoring may use; auto: all that this machine or container grants')
    .meta({ examples: ['auto', 2] }),
  cache: z.boolean().default(true).describe('whether the scores of texts seen lately are kept in memory'),
});
