/** What is wrong with a configuration, said so that it can be put right: place, rule, and the name that was meant. */
import type { z } from 'zod';
import { MurmurError } from '../base/errors.js';
import { formOf } from './form.js';
import { type Layer, layerOf, valueAt } from './layers.js';
import { nearestName } from './nearest-name.js';
import { formatPath, keysAt, leaves, type Path, type Shape, shapeAt } from './shape.js';

export interface ConfigFault {
  /** `expect.bronze[0].rule`; empty for the whole file. */
  path: string;
  /** Where it was written: `murmur.yaml:4`, `MURMUR_PAGE_PORT`. */
  where: string;
  /** 1-based line of the file, where it stands in one. */
  line?: number;
  message: string;
  /** For an unknown name: the known one that was probably meant. */
  nearest?: string;
}

export interface FaultContext {
  shape: Shape;
  layers: readonly Layer[];
  merged: unknown;
  lineOf(path: Path): number | undefined;
  /** The layer of the file, whose faults have lines. */
  file: Layer | undefined;
}

/** Every issue of a zod parse as faults, in the order of the file. */
export function faultsOf(issues: readonly z.core.$ZodIssue[], context: FaultContext): ConfigFault[] {
  return issues.flatMap((issue) => faultsOfIssue(issue, [], context));
}

/** One error that lists every fault. */
export function configInvalid(name: string, faults: readonly ConfigFault[]): MurmurError {
  const lines = faults.map(formatFault);
  const message =
    faults.length === 1
      ? `reading the configuration: ${lines[0]}`
      : `reading the configuration: ${faults.length} faults\n${lines.map((line) => `  ${line}`).join('\n')}`;
  return new MurmurError('config.invalid', message, {
    fault: 'user',
    fix: `correct ${name === '' ? 'the values' : name}; "murmur config schema" lists every setting`,
    context: { faults: faults.length },
  });
}

/** `murmur.yaml:4: page.port: expected a number, received "x"` */
export function formatFault({ where, path, message, nearest }: ConfigFault): string {
  const hint = nearest === undefined ? '' : `; did you mean ${nearest}?`;
  return [where, path, `${message}${hint}`].filter((part) => part !== '').join(': ');
}

function faultsOfIssue(issue: z.core.$ZodIssue, base: Path, context: FaultContext): ConfigFault[] {
  const path = [...base, ...issue.path] as (string | number)[];
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => {
      const nearest = nearestKey(key, path, context.shape);
      return fault([...path, key], 'unknown key', context, nearest);
    });
  }
  if (issue.code === 'invalid_union' && issue.message === 'Invalid input') {
    const inner = likeliestBranch(issue.errors);
    if (inner !== undefined) return inner.flatMap((each) => faultsOfIssue(each, path, context));
    const shape = shapeAt(context.shape, path);
    const wanted = shape === undefined ? 'something else' : formOf(shape);
    return [fault(path, `expected ${wanted}${received(path, context)}`, context)];
  }
  if (issue.code === 'invalid_type' && issue.message.startsWith('Invalid input')) {
    const given = received(path, context);
    const wanted = article(issue.expected);
    return [
      fault(path, given === '' ? `missing, expected ${wanted}` : `expected ${wanted}${given}`, context),
    ];
  }
  if (issue.code === 'invalid_value' && issue.message.startsWith('Invalid')) {
    const given = valueAt(context.merged, path);
    const words = issue.values.map(String);
    const nearest = typeof given === 'string' ? nearestName(given, words) : undefined;
    const wanted = `expected ${oneOf(words)}`;
    const message = given === undefined ? `missing, ${wanted}` : `${wanted}${received(path, context)}`;
    return [fault(path, message, context, nearest)];
  }
  const message = issue.message.replace(/^Invalid input: /, '');
  return [fault(path, message.charAt(0).toLowerCase() + message.slice(1) + received(path, context), context)];
}

function fault(path: Path, message: string, context: FaultContext, nearest?: string): ConfigFault {
  const layer = layerOf(context.layers, path) ?? layerOf(context.layers, path.slice(0, -1)) ?? context.file;
  const line = layer === context.file ? context.lineOf(path) : undefined;
  return {
    path: formatPath(path),
    where: layer?.describe(path) ?? '',
    message,
    ...(line === undefined ? {} : { line }),
    ...(nearest === undefined ? {} : { nearest }),
  };
}

/** A near name in the same section, else a setting of that very name elsewhere (`port` is `page.port`). */
function nearestKey(key: string, path: Path, shape: Shape): string | undefined {
  const near = nearestName(key, keysAt(shape, path));
  if (near !== undefined) return near;
  const elsewhere = leaves(shape).filter((leaf) => leaf.path.at(-1) === key);
  return elsewhere.length === 1 ? elsewhere[0]!.path.join('.') : undefined;
}

/** The union branch whose outer form fits and which has the fewest faults, if there is exactly one. */
function likeliestBranch(errors: readonly z.core.$ZodIssue[][]): z.core.$ZodIssue[] | undefined {
  const fitting = errors
    .filter((issues) => issues.every((issue) => issue.path.length > 0 || issue.code === 'unrecognized_keys'))
    .map((issues) => ({ issues, weight: issues.reduce((sum, issue) => sum + weightOf(issue), 0) }))
    .sort((a, b) => a.weight - b.weight);
  const [first, second] = fitting;
  return first !== undefined && first.weight !== second?.weight ? first.issues : undefined;
}

function weightOf(issue: z.core.$ZodIssue): number {
  return issue.code === 'unrecognized_keys' ? issue.keys.length : 1;
}

/** What was given, cut short; a secret is never repeated. */
function received(path: Path, { merged }: FaultContext): string {
  const value = valueAt(merged, path);
  if (value === undefined) return '';
  if (/token|secret|password|credential/i.test(formatPath(path))) return ', received something else';
  if (typeof value === 'object' && value !== null)
    return `, received ${Array.isArray(value) ? 'a list' : 'a map'}`;
  const text = JSON.stringify(value);
  return `, received ${text.length > 60 ? `${text.slice(0, 57)}…` : text}`;
}

function oneOf(words: readonly string[]): string {
  return words.length === 1 ? words[0]! : `one of ${words.join(' | ')}`;
}

function article(type: string): string {
  const names: Record<string, string> = {
    string: 'text',
    number: 'a number',
    int: 'a whole number',
    boolean: 'true or false',
    object: 'a map',
    record: 'a map',
    array: 'a list',
    null: 'null',
  };
  return names[type] ?? type;
}
