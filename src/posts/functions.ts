/**
 * The named functions of posts: one table of names, types and meaning, and what a DuckDB session needs to have them. The
 * TypeScript reference is registered where SQL could not be exact (RE2 has no look-around, no zone table, no entities).
 */
import { arrayOf, type DataType } from '../schema/column-types.js';
import type { ScalarFunction } from '../schema/scalar-function.js';
import { cleanText } from './clean-text.js';
import { defaultScheme, type LabelScheme } from './labels.js';
import { type MentionRule, mentions } from './mentions.js';
import { parseTimestamp } from './parse-timestamp.js';
import { duckMacros } from './sql/duckdb.js';
import type { ZoneTable } from './zones.js';

export interface FunctionDoc {
  readonly name: string;
  readonly parameters: readonly { readonly name: string; readonly type: DataType }[];
  readonly returns: DataType;
  readonly summary: string;
  readonly example: string;
}

/** Every function is null for null, but `timestamp_error`, which says that the date is missing. */
export const functionDocs = [
  {
    name: 'parse_timestamp',
    parameters: [{ name: 'date', type: 'string' }],
    returns: 'timestamp',
    summary:
      'A date as posts carry it (Twitter v1, ISO 8601, RFC 2822, epoch s/ms/µs); null if it cannot be read.',
    example: "parse_timestamp('Mon Apr 06 22:19:45 PDT 2009') = 2009-04-07 05:19:45+00",
  },
  {
    name: 'timestamp_error',
    parameters: [{ name: 'date', type: 'string' }],
    returns: 'string',
    summary: 'Why parse_timestamp is null for this date, in a few words; null where it is not.',
    example: "timestamp_error('2009-02-30') = 'no such day'",
  },
  {
    name: 'mentions',
    parameters: [{ name: 'text', type: 'string' }],
    returns: arrayOf('string'),
    summary: "Handles that a text mentions by the lake's rule, without @, one an occurrence.",
    example: "mentions('hey @ann and @bob') = ['ann', 'bob']",
  },
  {
    name: 'clean_text',
    parameters: [{ name: 'text', type: 'string' }],
    returns: 'string',
    summary: 'The text with HTML entities unescaped, mentions removed, links as http and white space folded.',
    example: "clean_text('@ann  fish &amp; chips www.x.com') = 'fish & chips http'",
  },
  {
    name: 'label_id',
    parameters: [{ name: 'label', type: 'string' }],
    returns: 'integer',
    summary:
      'The id of what a label means: 0 negative, 1 positive, neutral by option; null for unknown labels.',
    example: "label_id('4') = 1",
  },
] as const satisfies readonly FunctionDoc[];

export interface DuckFunctionOptions {
  readonly mentions: MentionRule;
  readonly zones: ZoneTable;
  readonly neutralId: number | null;
  /** Default: how labels are read in streams. */
  readonly labels?: LabelScheme;
}

/** Scalars to register and macro statements to run, once a session. */
export function duckFunctions(o: DuckFunctionOptions): { scalars: ScalarFunction[]; macros: string[] } {
  const calls: Partial<Record<string, (argument: string | null) => unknown>> = {
    parse_timestamp: (date) => {
      const instant = parseTimestamp(date, o.zones);
      return 'micros' in instant ? instant.micros : null;
    },
    timestamp_error: (date) => {
      const instant = parseTimestamp(date, o.zones);
      return 'error' in instant ? instant.error : null;
    },
    mentions: (text) => (text === null ? null : mentions(text, o.mentions)),
    clean_text: (text) => (text === null ? null : cleanText(text, o.mentions)),
  };
  const scalars = functionDocs.flatMap(({ name, parameters, returns }): ScalarFunction[] => {
    const call = calls[name];
    if (call === undefined) return [];
    return [
      {
        name,
        parameters: parameters.map((parameter) => parameter.type),
        returns,
        call: (argument) => call(argument as string | null),
      },
    ];
  });
  return { scalars, macros: duckMacros({ labels: o.labels ?? defaultScheme, neutralId: o.neutralId }) };
}
