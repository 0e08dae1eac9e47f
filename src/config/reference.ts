/** The manual of a configuration, written from its spec: every setting with its form, default, meaning and example. */
import type { z } from 'zod';
import { formOf } from './form.js';
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
  for (const [title, form] of namedForms(shape)) parts.push(formText(title, form));
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

/** Forms with a title and keys of their own (the entries of lists), each once. */
function namedForms(shape: Shape): Map<string, Shape> {
  const found = new Map<string, Shape>();
  const visit = (at: Shape) => {
    for (const form of branches(at)) {
      if (form.title !== undefined && form.properties !== undefined) found.set(form.title, form);
      if (form.items !== undefined) visit(form.items);
    }
  };
  for (const { shape: leaf } of leaves(shape)) visit(leaf);
  return found;
}

function formText(title: string, { properties = {}, required = [] }: Shape): string {
  const rows = Object.entries(properties).map(([key, field]) => {
    const fallback = defaultOf(field) || (required.includes(key) ? 'needed' : '');
    return `| ${[code(key), formOf(field), fallback, meaningOf(field)].map(cell).join(' | ')} |`;
  });
  return [`## ${title}`, '', '| key | form | default | meaning |', '|---|---|---|---|', ...rows].join('\n');
}

function defaultOf({ default: value }: Shape): string {
  return value === undefined ? '' : code(typeof value === 'string' ? value || '""' : JSON.stringify(value));
}

function meaningOf({ description, examples, default: value }: Shape): string {
  const isWord = typeof value === 'string' && value !== '' && description?.startsWith(value);
  const text = description === undefined ? '' : isWord ? ended(description) : sentence(description);
  if (examples === undefined || examples.length === 0) return text;
  const shown = examples.map((example) =>
    code(typeof example === 'string' ? example : JSON.stringify(example)),
  );
  return `${text} Example: ${shown.join(', ')}`.trim();
}

function sentence(text: string): string {
  return ended(text.charAt(0).toUpperCase() + text.slice(1));
}

function ended(text: string): string {
  return /[.!?)`]$/.test(text) ? text : `${text}.`;
}

function code(text: string): string {
  return `\`${text}\``;
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ');
}
