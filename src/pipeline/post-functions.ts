/** How the functions of posts read dates, mentions and labels in a lake with this spec. */
import type { DuckFunctionOptions } from '../posts/functions.js';
import { givenScheme } from '../posts/labels.js';
import { zoneTable } from '../posts/zones.js';
import type { LakeSpec } from './spec.js';

export function postFunctions({ mentions, zones, neutral, labels }: LakeSpec): DuckFunctionOptions {
  return {
    mentions,
    zones: zoneTable(zones),
    neutralId: neutral.id,
    ...(labels === undefined ? {} : { labels: givenScheme(labels) }),
  };
}
