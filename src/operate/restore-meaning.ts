/** Whether a version of a table can be gone on with by the query that writes it now. */
import { MurmurError } from '../base/errors.js';
import type { Metadata } from '../delta/actions.js';
import type { QueryDefinition } from '../engine/engine.js';
import { stampProperty } from '../engine/table-properties.js';

/**
 * Rows that were made by another rule must not be gone on with by this one.
 * @throws operate.restore_other_meaning (user)
 */
export function assertSameMeaning({ name, stamp }: QueryDefinition, then: Metadata, now: Metadata): void {
  for (const key of Object.keys(stamp)) {
    const property = stampProperty(key);
    const [before, today] = [then.configuration[property], now.configuration[property]];
    if (before === today) continue;
    throw new MurmurError(
      'operate.restore_other_meaning',
      `restoring ${name}: that version was written with ${key} = ${before}, the table now has ${key} = ${today}`,
      {
        fault: 'user',
        fix: `set ${key} to ${before} in murmur.yaml, make it anew with "murmur rebuild ${name}"; or read the old rows as a version`,
        context: { key, before: before ?? null, today: today ?? null },
      },
    );
  }
}
