/**
 * Configuration is unknown until it is parsed. One call takes everything that has a say (file, environment, caller),
 * merges it, checks it against the spec, and gives either the whole typed value or all of its faults.
 */
import type { z } from 'zod';
import { type ConfigFault, configInvalid, faultsOf } from './faults.js';
import type { Environment } from './interpolate.js';
import { environmentLayer, type Layer, layerOf, mergeLayers, overrideLayer } from './layers.js';
import { type Path, shapeOf } from './shape.js';
import { readYaml, type YamlFile } from './yaml-file.js';

export interface ConfigSources {
  /** The weakest after the defaults; `name` is for messages. */
  file?: { name: string; text: string };
  /** Stronger than the file: `MURMUR_*`; also what `${NAME}` in the file is filled with. */
  env?: Environment;
  /** The strongest: flags, or the `overrides` of a library call, in the form of the file. */
  overrides?: unknown;
}

export type ParsedConfig<T> =
  | {
      ok: true;
      value: T;
      /** What was written, merged; without defaults. */
      written: unknown;
      /** Where the value at `path` was written: `murmur.yaml:4`, `MURMUR_PAGE_PORT`, or undefined for a default. */
      originOf(path: Path): string | undefined;
    }
  | { ok: false; faults: ConfigFault[] };

export function parseConfig<S extends z.ZodType>(spec: S, sources: ConfigSources): ParsedConfig<z.output<S>> {
  const shape = shapeOf(spec);
  const env = sources.env ?? {};
  const yaml = sources.file === undefined ? undefined : readYaml(sources.file.text, env, shape);
  const file = yaml === undefined ? undefined : fileLayer(sources.file!.name, yaml);
  if (yaml !== undefined && yaml.value === undefined) return { ok: false, faults: yamlFaults(yaml, file!) };

  const layers = [file, environmentLayer(shape, env), overrideLayer(sources.overrides)].filter(
    (layer) => layer !== undefined,
  );
  const merged = mergeLayers([{ value: {}, describe: () => '' }, ...layers]);
  const result = spec.safeParse(merged);
  const lineOf = yaml?.lineOf ?? (() => undefined);
  const faults = [
    ...(yaml === undefined ? [] : yamlFaults(yaml, file!)),
    ...(result.success ? [] : faultsOf(result.error.issues, { shape, layers, merged, lineOf, file })),
  ];
  if (faults.length > 0 || !result.success) return { ok: false, faults: faults.sort(byLine) };
  return {
    ok: true,
    value: result.data,
    written: merged,
    originOf: (path) => layerOf(layers, path)?.describe(path),
  };
}

/** @throws config.invalid (user), listing every fault */
export function requireConfig<S extends z.ZodType>(spec: S, sources: ConfigSources): z.output<S> {
  const parsed = parseConfig(spec, sources);
  if (!parsed.ok) throw configInvalid(sources.file?.name ?? '', parsed.faults);
  return parsed.value;
}

function fileLayer(name: string, yaml: YamlFile): Layer {
  return {
    value: yaml.value,
    describe(path) {
      const line = yaml.lineOf(path);
      return line === undefined ? name : `${name}:${line}`;
    },
  };
}

function yamlFaults(yaml: YamlFile, layer: Layer): ConfigFault[] {
  return yaml.faults.map(({ path, line, message }) => ({
    path: path.join('.'),
    where: line === undefined ? layer.describe(path) : layer.describe([]).concat(`:${line}`),
    ...(line === undefined ? {} : { line }),
    message,
  }));
}

function byLine(a: ConfigFault, b: ConfigFault): number {
  return (a.line ?? Number.MAX_SAFE_INTEGER) - (b.line ?? Number.MAX_SAFE_INTEGER);
}
