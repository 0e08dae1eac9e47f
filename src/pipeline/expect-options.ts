/** How expectations are written in murmur.yaml, and what they become. */
import { z } from 'zod';
import { share } from '../config/units.js';
import type { Expectation, LayerRule, RowRule } from '../engine/expectation.js';
import { type StreamName, streamNames } from '../posts/tables.js';
import { defaultRules } from './rules.js';

const rowRule = z
  .strictObject({
    name: z.string().min(1).describe('name of the rule, as it appears in quarantine and events'),
    rule: z.string().min(1).describe('a boolean in SQL; a row is good when it is true'),
    action: z.enum(['warn', 'drop', 'quarantine', 'fail']).default('quarantine'),
  })
  .meta({ title: 'row rule' });

const layerRule = z
  .strictObject({
    name: z
      .string()
      .min(1)
      .describe('name of a layer rule: posts kept, mention_coverage, …, or one of your own'),
    min_ratio: share().optional().describe('smallest share that is still good'),
    max_ratio: share().optional().describe('largest share that is still good'),
    hit: z.string().optional().describe('SQL: the rows that count'),
    among: z.string().optional().describe('SQL: the rows of which they are a share; all, if not given'),
    action: z.enum(['warn', 'fail']).default('fail'),
  })
  .meta({ title: 'layer rule' });

const ruleOptions = z.array(z.union([rowRule, layerRule]));
type RuleOption = z.output<typeof ruleOptions>[number];

/** The `expect` section: lists of rules by stream. */
export const expectOptions = z
  .strictObject(
    Object.fromEntries(
      streamNames.map((name) => [name, ruleOptions.optional().describe(`rules of the ${name} stream`)]),
    ) as RuleShape,
  )
  .describe('rules on rows and on layers; one of the same name replaces a default');
type RuleShape = Record<StreamName, z.ZodOptional<typeof ruleOptions>>;

/** Rules written as code: from the library, for what SQL cannot say. */
export type CodeRules = Partial<Record<StreamName, readonly Expectation[]>>;

/** The rules of one stream: the defaults, those of murmur.yaml over them, those of the caller over both. */
export function rulesOf(
  stream: StreamName,
  written: readonly RuleOption[] = [],
  code: readonly Expectation[] = [],
): Expectation[] {
  const rules = new Map(defaultRules[stream].map((rule) => [rule.name, rule]));
  for (const option of written) rules.set(option.name, toRule(stream, option, rules.get(option.name)));
  for (const rule of code) rules.set(rule.name, rule);
  return [...rules.values()];
}

function toRule(stream: StreamName, option: RuleOption, known: Expectation | undefined): Expectation {
  if ('rule' in option) return { kind: 'row', ...option } satisfies RowRule;
  const { name, min_ratio, max_ratio, hit, among = 'true', action } = option;
  const at = streamNames.indexOf(stream);
  return {
    kind: 'layer',
    name,
    layers: `${streamNames[at - 1] ?? 'landing'} → ${stream}`,
    measure: hit !== undefined ? { hit, among } : known?.kind === 'layer' ? known.measure : 'kept',
    ...(min_ratio === undefined ? {} : { min: min_ratio }),
    ...(max_ratio === undefined ? {} : { max: max_ratio }),
    action,
  } satisfies LayerRule;
}
