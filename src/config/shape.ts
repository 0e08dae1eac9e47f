/**
 * A spec seen from outside: its JSON Schema, walked. Known keys, environment names, coercion and the manual all come
 * from this one form, so that none of them can say something else than the zod spec does.
 */
import { z } from 'zod';

/** The part of JSON Schema that zod writes and that is read here. */
export interface Shape {
  type?: string | string[];
  title?: string;
  description?: string;
  default?: unknown;
  examples?: unknown[];
  enum?: unknown[];
  const?: unknown;
  minimum?: number;
  maximum?: number;
  properties?: Record<string, Shape>;
  additionalProperties?: boolean | Shape;
  required?: string[];
  items?: Shape;
  anyOf?: Shape[];
  oneOf?: Shape[];
}

/** The JSON Schema of what may be written (not of what comes out of parsing). */
export function shapeOf(spec: z.ZodType): Shape {
  return z.toJSONSchema(spec, { io: 'input', unrepresentable: 'any', reused: 'inline' }) as Shape;
}

/** The JSON Schema to publish, for editors that check YAML as it is typed. */
export function jsonSchema(spec: z.ZodType, head: { title: string; id?: string }): Record<string, unknown> {
  const { $schema, ...rest } = shapeOf(spec) as Shape & { $schema?: string };
  return { $schema, ...(head.id === undefined ? {} : { $id: head.id }), title: head.title, ...rest };
}

export type Path = readonly (string | number)[];

/** `expect.bronze[0].rule` */
export function formatPath(path: Path): string {
  return path
    .map((part, i) => (typeof part === 'number' ? `[${part}]` : i === 0 ? part : `.${part}`))
    .join('');
}

/** Every form that a value at this place may have. */
export function branches(shape: Shape): Shape[] {
  const forms = shape.anyOf ?? shape.oneOf;
  return forms === undefined ? [shape] : forms.flatMap(branches);
}

/** What the spec says of the value at `path`; undefined where it knows nothing. */
export function shapeAt(shape: Shape, path: Path): Shape | undefined {
  const [head, ...rest] = path;
  if (head === undefined) return shape;
  for (const form of branches(shape)) {
    const extra = typeof form.additionalProperties === 'object' ? form.additionalProperties : undefined;
    const next = typeof head === 'number' ? form.items : (form.properties?.[head] ?? extra);
    const found = next === undefined ? undefined : shapeAt(next, rest);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The keys that may stand at `path`. */
export function keysAt(shape: Shape, path: Path): string[] {
  const at = shapeAt(shape, path);
  return at === undefined ? [] : branches(at).flatMap((form) => Object.keys(form.properties ?? {}));
}

/** A setting: a value that is not a section with named keys of its own. */
export interface Leaf {
  path: string[];
  shape: Shape;
}

/** All settings in the order of the spec; records, lists and unions count as one setting each. */
export function leaves(shape: Shape, path: string[] = []): Leaf[] {
  if (shape.properties === undefined) return [{ path, shape }];
  return Object.entries(shape.properties).flatMap(([key, child]) => leaves(child, [...path, key]));
}

/** Whether the text itself is a value of this shape (a string; a word that an enumeration holds). */
export function takesText(shape: Shape, text: string): boolean {
  return branches(shape).some((form) => {
    if (form.enum !== undefined) return form.enum.includes(text);
    if (form.const !== undefined) return form.const === text;
    return form.type === 'string';
  });
}
