/** A lake's settings as the params of a run: flat, all of them, and never a secret. */
import type { Tags } from '../../mlflow/index.js';
import type { LakeSpec } from '../spec.js';

/** Longest param that MLflow takes. */
const longest = 6000;

/**
 * One param a setting, its name as in murmur.yaml: `streams.gold.threads`. What is empty is left out; lists are JSON. The page's
 * token and what a URL holds before its host are left out.
 */
export function paramsOf(spec: LakeSpec): Tags {
  const { page, ...settings } = spec;
  const params: Record<string, string> = {};
  flatten([], settings, params);
  return params;
}

function flatten(path: readonly string[], value: unknown, into: Record<string, string>): void {
  if (value === undefined || value === '') return;
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    for (const [key, child] of Object.entries(value)) flatten([...path, key], child, into);
    return;
  }
  const text = typeof value === 'string' ? withoutCredentials(value) : JSON.stringify(value);
  if (text === '[]') return;
  into[keyOf(path)] = text.length <= longest ? text : `${text.slice(0, longest - 1)}…`;
}

/** MLflow keeps keys to letters that file names have everywhere; a label or column may be called anything. */
function keyOf(path: readonly string[]): string {
  return path
    .map((part) => part.replace(/[^A-Za-z0-9_-]/g, '_'))
    .join('.')
    .slice(0, 250);
}

function withoutCredentials(text: string): string {
  return text.replace(/^([a-z][a-z0-9+.-]*:\/\/)[^/@\s]*@/i, '$1');
}
