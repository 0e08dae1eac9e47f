/** Settings from several places, the later ones stronger, and where each value came from. */

import type { Environment } from './interpolate.js';
import { formatPath, type Leaf, leaves, type Path, type Shape } from './shape.js';
import { coerce } from './yaml-file.js';

export interface Layer {
  /** Where a value at `path` stands: `murmur.yaml:4`, `MURMUR_PAGE_PORT`, `override page.port`. */
  describe(path: Path): string;
  value: unknown;
}

/** Maps are merged key by key; lists and plain values are replaced whole. An undefined value says nothing. */
export function mergeLayers(layers: readonly Layer[]): unknown {
  return layers.reduce<unknown>((merged, layer) => merge(merged, layer.value), undefined);
}

/** The strongest layer that says something at `path`. */
export function layerOf(layers: readonly Layer[], path: Path): Layer | undefined {
  return layers.findLast((layer) => valueAt(layer.value, path) !== undefined);
}

export function valueAt(value: unknown, path: Path): unknown {
  return path.reduce<unknown>(
    (at, key) =>
      typeof at === 'object' && at !== null && Object.hasOwn(at, key)
        ? (at as Record<string | number, unknown>)[key]
        : undefined,
    value,
  );
}

/** The environment variable of a setting: `page.port` is `MURMUR_PAGE_PORT`. */
export function environmentName(path: Path): string {
  return `MURMUR_${path.join('_').toUpperCase()}`;
}

/** What the `MURMUR_*` variables say. An empty variable says nothing; lists and maps are written as flow YAML. */
export function environmentLayer(shape: Shape, env: Environment): Layer {
  let value: unknown;
  for (const { path, shape: leaf } of leaves(shape)) {
    const text = env[environmentName(path)];
    if (text !== undefined && text !== '') value = merge(value, nested(path, coerce(text, leaf)));
  }
  return { value, describe: (path) => environmentName(settingOf(shape, path)) };
}

/** Values given by a caller: command line flags, or a library call's `overrides`. */
export function overrideLayer(value: unknown): Layer {
  return { value, describe: (path) => `override ${formatPath(path)}` };
}

/** The path of the setting that a place inside it belongs to. */
function settingOf(shape: Shape, path: Path): Path {
  const holds = ({ path: setting }: Leaf) => setting.every((key, i) => path[i] === key);
  return leaves(shape).find(holds)?.path ?? path;
}

function merge(below: unknown, above: unknown): unknown {
  if (above === undefined) return below;
  if (!isPlainObject(below) || !isPlainObject(above)) return above;
  const merged: Record<string, unknown> = { ...below };
  for (const [key, value] of Object.entries(above)) merged[key] = merge(merged[key], value);
  return merged;
}

function nested(path: readonly string[], value: unknown): unknown {
  return path.reduceRight<unknown>((inner, key) => ({ [key]: inner }), value);
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
