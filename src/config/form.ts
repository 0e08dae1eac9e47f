import { branches, type Shape } from './shape.js';

/** The form in words: `auto | ndjson`, `size`, `list of {name, rule}`. */
export function formOf(shape: Shape): string {
  if (shape.title !== undefined) return shape.title;
  return [...new Set(branches(shape).map(formOfOne))].join(' | ');
}

function formOfOne(shape: Shape): string {
  if (shape.title !== undefined) return shape.title;
  if (shape.enum !== undefined) return shape.enum.map(String).join(' | ');
  if (shape.const !== undefined) return String(shape.const);
  if (shape.type === 'array') return `list of ${shape.items === undefined ? 'values' : formOf(shape.items)}`;
  if (shape.properties !== undefined) return `{${Object.keys(shape.properties).join(', ')}}`;
  if (shape.type === 'object') {
    const of = typeof shape.additionalProperties === 'object' ? formOf(shape.additionalProperties) : 'values';
    return `map of ${of}`;
  }
  if (shape.type === 'string') return 'text';
  if (shape.type === 'integer') return rangeOf(shape, 'whole number');
  if (shape.type === 'number') return rangeOf(shape, 'number');
  if (shape.type === 'boolean') return 'true | false';
  return String(shape.type ?? 'any');
}

function rangeOf({ minimum, maximum }: Shape, name: string): string {
  const low = minimum !== undefined && Math.abs(minimum) < Number.MAX_SAFE_INTEGER ? minimum : undefined;
  const high = maximum !== undefined && Math.abs(maximum) < Number.MAX_SAFE_INTEGER ? maximum : undefined;
  if (low !== undefined && high !== undefined) return `${name} ${low}–${high}`;
  if (low !== undefined) return `${name} from ${low}`;
  return high === undefined ? name : `${name} up to ${high}`;
}
