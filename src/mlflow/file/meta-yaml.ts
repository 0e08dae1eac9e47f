/** `meta.yaml`: the flat YAML in which MLflow's file store describes each thing. */
import { parse } from 'yaml';
import type { z } from 'zod';
import { MurmurError } from '../../base/errors.js';
import { readIfThere, wellFormed } from './files.js';

export const metaFile = 'meta.yaml';

type Value = string | number | null | readonly string[] | Readonly<Record<string, string>>;

/** Every text is quoted as JSON, which YAML 1.1 reads as the same text whatever it looks like. */
export function metaText(fields: Readonly<Record<string, Value>>): string {
  return Object.entries(fields)
    .map(([key, value]) => `${key}: ${json(value)}\n`)
    .join('');
}

/** The checked fields, or `undefined` where there is no such file. @throws mlflow.folder_invalid (external) */
export async function readMeta<S extends z.ZodType>(path: string, spec: S): Promise<z.output<S> | undefined> {
  const text = await readIfThere(path);
  if (text === undefined) return undefined;
  const result = spec.safeParse(parsed(path, text));
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw invalid(path, `${issue!.path.join('.') || 'the whole'}: ${issue!.message}`);
}

function parsed(path: string, text: string): unknown {
  try {
    return parse(text);
  } catch (e) {
    throw invalid(path, e instanceof Error ? e.message : String(e));
  }
}

export function invalid(path: string, what: string): MurmurError {
  return new MurmurError('mlflow.folder_invalid', `unreadable MLflow file ${path}: ${what}`, {
    fault: 'external',
    fix: 'restore or remove the folder that holds it',
    context: { path },
  });
}

/** JSON without the characters that YAML does not allow raw, or reads as line breaks. */
function json(value: Value): string {
  const text = JSON.stringify(value, (_, part) => (typeof part === 'string' ? wellFormed(part) : part));
  return text.replace(
    /[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]/g,
    (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
