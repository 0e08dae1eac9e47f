/** The manual of a configuration, written from its spec: every setting with its form, default, meaning and example. */
import type { z } from 'zod';
import { environmentName } from './layers.js';
import { branches, type Leaf, leaves, type Shape, shapeAt, shapeOf } from './shape.js';

/**
 * Markdown with one table a section. Sections and settings stand in the order of the spec; the texts are its
 * descriptions.
 */
export function referenceMarkdown(spec: z.ZodType, head: { title: string; intro: string }): string {
  const shape = shapeOf(spec);
  const groups = new Map<string, Leaf[]>();
  for (const leaf of leaves(shape)) {
    const section = leaf.path.slice(0, -1).join('.');
    groups.set(section, [...(groups.get(section) ?? []), leaf]);
  }
  const parts = [...groups].map(([section, settings]) => sectionText(section, settings, shape));
  return `${[`# ${head.title}`, head.intro.trim(), ...parts].join('\n\n')}\n`;
}

function sectionText(section: string, settings: readonly Leaf[], shape: Shape): string {
  const about = section === '' ? undefined : shapeAt(shape, section.split('.'))?.description;
  const rows = settings.map(({ path, shape: leaf }) => {
    const cells = [
      code(path.join('.')),
      formOf(leaf),
      defaultOf(leaf),
      meaningOf(leaf),
      code(environmentName(path)),
    ];
    return `| ${cells.map(cell).join(' | ')} |`;
  });
  return [
    section === '' ? '## Top level' : `## ${section}`,
    ...(about === undefined ? [] : ['', sentence(about)]),
    '',
    '| setting | form | default | meaning | environment |',
    '|---|---|---|---|---|',
    ...rows,
  ].join('\n');
}

/** The form in words: `auto | ndjson`, `size`, `list of {name, rule}`. */
function formOf(shape: Shape): string {
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

function defaultOf({ default: value }: Shape): string {
  return value === undefined ? '' : code(typeof value === 'string' ? value || '""' : JSON.stringify(value));
}

function meaningOf({ description, examples }: Shape): string {
  const text = description === undefined ? '' : sentence(description);
  if (examples === undefined || examples.length === 0) return text;
  const shown = examples.map((example) =>
    code(typeof example === 'string' ? example : JSON.stringify(example)),
  );
  return `${text} Example: ${shown.join(', ')}`.trim();
}

function sentence(text: string): string {
  const whole = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?)`]$/.test(whole) ? whole : `${whole}.`;
}

function code(text: string): string {
  return `\`${text}\``;
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ');
}
