/**
 * The units in which people write settings, as zod pieces for the rooms' `options.ts`. Each takes what stands in the
 * file and gives the plain number that code works with; defaults are written as the user would (`.prefault('64MiB')`).
 */
import { z } from 'zod';
import { parseBytes, parseDuration } from './quantities.js';

/** A size: `64MiB`, `500kB`, or a number of bytes. Gives bytes. */
export function bytes() {
  return z
    .union([z.int().nonnegative(), z.string()], { error: sizeWanted })
    .transform((value, context) =>
      typeof value === 'number' ? value : (parseBytes(value) ?? refuse(context, value, sizeWanted)),
    )
    .meta({ title: 'size' });
}

/** A time: `200ms`, `60s`, `7d`, `1h30m`. Gives milliseconds. */
export function duration() {
  return z
    .string({ error: timeWanted })
    .transform((value, context) => parseDuration(value) ?? refuse(context, value, timeWanted))
    .meta({ title: 'duration' });
}

/** When a stream's next batch may start; an engine turns it into its own trigger. */
export type TriggerOption =
  | { readonly kind: 'asap' }
  | { readonly kind: 'interval'; readonly everyMs: number };

/** `asap`, or a time between batch starts. */
export function trigger() {
  return z
    .string({ error: triggerWanted })
    .transform((value, context): TriggerOption => {
      if (value === 'asap') return { kind: 'asap' };
      const everyMs = parseDuration(value);
      return everyMs === undefined ? refuse(context, value, triggerWanted) : { kind: 'interval', everyMs };
    })
    .meta({ title: 'trigger' });
}

/** A share between 0 and 1, also as `99%`. */
export function share() {
  return z
    .union([z.number().min(0, { error: shareWanted }).max(1, { error: shareWanted }), z.string()], {
      error: shareWanted,
    })
    .transform((value, context) => {
      if (typeof value === 'number') return value;
      const [, digits] = /^(\d+(?:\.\d+)?)\s*%$/.exec(value.trim()) ?? [];
      const part = Number(digits) / 100;
      return part >= 0 && part <= 1 ? part : refuse(context, value, shareWanted);
    })
    .meta({ title: 'share' });
}

/** `auto`, or a whole number from 1. */
export function autoOrCount() {
  return z
    .union([z.literal('auto'), z.int().min(1, { error: countWanted })], { error: countWanted })
    .meta({ title: 'auto or count' });
}

const sizeWanted = 'expected a size such as 64MiB, 500kB or a number of bytes';
const timeWanted = 'expected a time with its unit, such as 200ms, 60s or 7d';
const triggerWanted = 'expected asap or a time such as 200ms or 10s';
const countWanted = 'expected auto or a whole number from 1';
const shareWanted = 'expected a share between 0 and 1, or a percentage such as 99%';

function refuse(context: z.core.$RefinementCtx, input: unknown, message: string): never {
  context.addIssue({ code: 'custom', message, input });
  return z.NEVER;
}
