/**
 * A model bundle: an MLflow model folder whose `MLmodel` has a flavor `murmur`. The flavor names the files that scoring
 * needs and the SHA-256 of every file beside `MLmodel`; what the model is stands in the config file alone.
 */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse as parseYaml } from 'yaml';
import { z } from 'zod';
import { isMurmurError, MurmurError } from '../base/errors.js';
import { fileDigest } from './file-digest.js';
import type { GoldenCase } from './golden.js';
import { preprocessOf } from './preprocess.js';
import type { ScorerModel } from './scorer.js';

const insidePath = z
  .string()
  .refine((path) => path !== '' && !path.startsWith('/') && !path.split(/[/\\]/).includes('..'), {
    error: 'expected a path inside the bundle',
  });

const flavor = z.object({
  config: insidePath.default('config.json'),
  model: insidePath.default('model.onnx'),
  tokenizer: insidePath.default('tokenizer.json'),
  golden: insidePath.default('golden.json'),
  /** Which field of a golden case holds what this model answers. */
  golden_probabilities: z.string().default('probabilities'),
  digests: z.record(insidePath, z.string().regex(/^[0-9a-f]{64}$/)),
});

const label = z.enum(['negative', 'neutral', 'positive']);

const config = z.object({
  name: z.string().min(1),
  version: z.string().min(1),
  labels: z
    .array(label)
    .min(2)
    .refine((labels) => new Set(labels).size === labels.length, { error: 'expected each label once' }),
  /** What each output means, where several mean the same: their probabilities are added. Default: the labels. */
  classes: z.array(label).optional(),
  inputs: z.array(z.enum(['input_ids', 'attention_mask', 'token_type_ids'])),
  output: z.string(),
  max_tokens: z.int().min(3),
  preprocess: z.array(z.string()),
  batching: z.enum(['free', 'single']),
  tolerance: z.number().positive().max(1),
});

/** What the model is, as its config file says it. */
export type BundleConfig = z.output<typeof config>;

export interface Bundle {
  readonly folder: string;
  readonly config: BundleConfig;
  readonly model: ScorerModel;
  /** Absolute paths. */
  readonly files: { readonly model: string; readonly tokenizer: string };
  readonly goldens: readonly GoldenCase[];
}

/**
 * Reads a bundle and checks every file against its digest. The goldens are checked where the model runs.
 * @throws scoring.bundle_missing, scoring.bundle_altered, scoring.bundle_invalid; each names the file
 */
export async function loadBundle(folder: string): Promise<Bundle> {
  const parts = checked(flavor, flavorOf(await readMlmodel(folder)), folder, 'MLmodel');
  for (const path of [parts.config, parts.model, parts.tokenizer, parts.golden]) {
    if (parts.digests[path] === undefined) throw invalid(folder, 'MLmodel', `no digest of ${path}`);
  }
  for (const [path, expected] of Object.entries(parts.digests)) {
    const actual = await digestOf(folder, path);
    if (actual !== expected) throw altered(folder, path, expected, actual);
  }
  const settings = checked(config, await readJson(folder, parts.config), folder, parts.config);
  preprocessOf(settings.preprocess);
  if (settings.classes !== undefined && !sameMembers(settings.classes, settings.labels)) {
    throw invalid(folder, parts.config, 'classes: expected those of labels, and all of them');
  }
  return {
    folder,
    config: settings,
    model: {
      id: `${settings.name}/${settings.version}`,
      digest: bundleDigest(parts.digests),
      labels: settings.labels,
    },
    files: {
      model: join(folder, parts.model),
      tokenizer: join(folder, parts.tokenizer),
    },
    goldens: await readGoldens(folder, parts.golden, parts.golden_probabilities),
  };
}

/**
 * What the digest of a bundle is if it is what its `MLmodel` says; undefined for a model that does not say it is a bundle.
 * @param where the bundle, for messages
 * @throws scoring.bundle_invalid (user)
 */
export function bundleDigestIn(mlmodel: string, where: string): string | undefined {
  const said = flavorOf(parseMlmodel(mlmodel, where));
  return said === undefined ? undefined : bundleDigest(checked(flavor, said, where, 'MLmodel').digests);
}

function sameMembers(a: readonly string[], b: readonly string[]): boolean {
  return a.every((each) => b.includes(each)) && b.every((each) => a.includes(each));
}

/** Whether a folder says that it is a bundle; whether it is a sound one is what `loadBundle` finds out. */
export async function isBundle(folder: string): Promise<boolean> {
  try {
    return flavorOf(await readMlmodel(folder)) !== undefined;
  } catch (e) {
    if (isMurmurError(e, 'scoring.bundle_missing')) return false;
    throw e;
  }
}

/** SHA-256 over the lines `digest  path`, sorted by path: the form of `sha256sum`. */
function bundleDigest(digests: Readonly<Record<string, string>>): string {
  const lines = Object.keys(digests)
    .sort()
    .map((path) => `${digests[path]}  ${path}\n`);
  return createHash('sha256').update(lines.join('')).digest('hex');
}

async function readMlmodel(folder: string): Promise<unknown> {
  return parseMlmodel(await readBundleFile(folder, 'MLmodel'), folder);
}

function parseMlmodel(text: string, folder: string): unknown {
  try {
    return parseYaml(text);
  } catch (e) {
    throw invalid(folder, 'MLmodel', e instanceof Error ? e.message : String(e));
  }
}

function flavorOf(mlmodel: unknown): unknown {
  const flavors = (mlmodel as { flavors?: Record<string, unknown> } | null)?.flavors;
  return flavors?.murmur ?? undefined;
}

/** @param field the field of a case that holds what this model answers */
async function readGoldens(folder: string, path: string, field: string): Promise<GoldenCase[]> {
  const golden = z.object({ text: z.string(), input_ids: z.array(z.int()), [field]: z.array(z.number()) });
  const cases = checked(z.array(golden).min(1), await readJson(folder, path), folder, path);
  return cases.map((c) => ({
    text: c.text as string,
    inputIds: c.input_ids as number[],
    probabilities: c[field] as number[],
  }));
}

async function readJson(folder: string, path: string): Promise<unknown> {
  try {
    return JSON.parse(await readBundleFile(folder, path));
  } catch (e) {
    if (e instanceof SyntaxError) throw invalid(folder, path, e.message);
    throw e;
  }
}

async function readBundleFile(folder: string, path: string): Promise<string> {
  try {
    return await readFile(join(folder, path), 'utf8');
  } catch (e) {
    throw missing(folder, path, e);
  }
}

async function digestOf(folder: string, path: string): Promise<string> {
  try {
    return await fileDigest(join(folder, path));
  } catch (e) {
    throw missing(folder, path, e);
  }
}

function checked<T extends z.ZodType>(spec: T, value: unknown, folder: string, path: string): z.output<T> {
  if (value === undefined) throw invalid(folder, path, 'no flavor murmur');
  const result = spec.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw invalid(folder, path, `${issue!.path.join('.') || 'the whole'}: ${issue!.message}`);
}

function missing(folder: string, path: string, cause: unknown): MurmurError {
  const isThere = existsSync(folder);
  const message = isThere
    ? `model bundle without ${path}: ${folder}`
    : `no model bundle, and no folder: ${folder}`;
  return new MurmurError('scoring.bundle_missing', message, {
    fault: 'external',
    fix: isThere
      ? restore
      : 'name bundled, lexicon, or the folder of a bundle ("murmur model import" makes one)',
    cause,
    context: { folder, file: path },
  });
}

function altered(folder: string, path: string, expected: string, actual: string): MurmurError {
  return new MurmurError('scoring.bundle_altered', `altered file ${path} in the model bundle ${folder}`, {
    fault: 'external',
    fix: restore,
    context: { folder, file: path, expected, actual },
  });
}

function invalid(folder: string, path: string, what: string): MurmurError {
  return new MurmurError('scoring.bundle_invalid', `invalid ${path} in the model bundle ${folder}: ${what}`, {
    fault: 'user',
    fix: 'set model: to a folder laid out like models/bundled of the package',
    context: { folder, file: path },
  });
}

const restore =
  'restore the bundle (for the bundled model: reinstall the package), or name another one (model: in murmur.yaml)';
