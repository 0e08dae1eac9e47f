/** The places of a record that anything is asked about: each is a column of its own, so that it is looked up once. */
import type { FieldPath } from '../../../../posts/field-path.js';
import { at, member } from './variant.js';

/** In a path: the element of a list whose number stands in `author_at`. */
export const authorStep = '*';

export class Places {
  readonly #numbers = new Map<string, number>();
  readonly #paths: FieldPath[] = [];

  /** The column of what stands at a path of the record; null when nothing does. */
  at(...path: string[]): string {
    return `p${this.number(path)}`;
  }

  number(path: FieldPath): number {
    const key = JSON.stringify(path);
    const known = this.#numbers.get(key);
    if (known !== undefined) return known;
    this.#numbers.set(key, this.#paths.length);
    return this.#paths.push(path) - 1;
  }

  /** Column to SQL over the record `v` and `author_at`. */
  selected(): Record<string, string> {
    return Object.fromEntries(this.#paths.map((path, i) => [`p${i}`, path.reduce(step, 'v')]));
  }
}

/** What can stand for an index too is looked for in objects first. */
export function isIndex(key: string): boolean {
  return /^(0|[1-9]\d{0,8})$/.test(key);
}

function step(value: string, key: string): string {
  if (key === authorStep) return `get(try_variant_get(${value}, '$', 'array<variant>'), author_at)`;
  if (isIndex(key)) return `coalesce(${member(value, key)}, ${at(value, Number(key))})`;
  return /["'\\]/.test(key) ? member(value, key) : at(value, key);
}
