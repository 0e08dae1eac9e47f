/**
 * A model bundle as MLflow keeps it. A bundle is an MLflow model folder already: its `MLmodel` has the flavors `murmur` and
 * `onnx`. Logged to MLflow it gets `python_function` beside them, which lets Python load it (`models/pyfunc/`), and the names
 * of the run and the model that it now is. The files that decide a score, and their digests, stay as they are.
 */
import { readdir, readFile, stat } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { parse, stringify } from 'yaml';
import { z } from 'zod';
import { MurmurError } from '../base/errors.js';
import { packageRoot } from '../base/package-root.js';

export const mlmodelFile = 'MLmodel';

/** The version of MLflow whose calls, file layout and model format these are. */
export const mlflowVersion = '3.17.2';
const loader = 'murmur_pyfunc';

/** What of an `MLmodel` is asked for; all else is kept and passed on. */
const mlmodel = z.looseObject({
  flavors: z.record(z.string(), z.looseObject({})),
  run_id: z.string().nullish(),
  model_id: z.string().nullish(),
  utc_time_created: z.string().nullish(),
  metadata: z.record(z.string(), z.unknown()).nullish(),
});

export type Mlmodel = z.output<typeof mlmodel>;

/** A file of a model: its path in the model, and where it is, or its text. */
export type ModelFile = { path: string; localFile: string } | { path: string; text: string };

/** The `MLmodel` of a local folder. @throws mlflow.model_invalid (user) */
export async function readMlmodel(folder: string): Promise<Mlmodel> {
  let text: string;
  try {
    text = await readFile(join(folder, mlmodelFile), 'utf8');
  } catch (cause) {
    throw invalid(folder, 'no readable MLmodel', cause);
  }
  let value: unknown;
  try {
    value = parse(text);
  } catch (cause) {
    throw invalid(folder, `MLmodel is no YAML: ${cause instanceof Error ? cause.message : cause}`, cause);
  }
  const result = mlmodel.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw invalid(folder, `MLmodel: ${issue!.path.join('.') || 'the whole'}: ${issue!.message}`);
}

/**
 * The files that a bundle is in MLflow; `MLmodel` comes last, so that whoever sees it sees all.
 * @param about the run that logs it, its id in MLflow 3, and when
 * @throws mlflow.model_invalid (user) for a folder that is no bundle of ours
 */
export async function modelFiles(
  folder: string,
  about: { runId: string; modelId?: string; now: number },
): Promise<ModelFile[]> {
  const described = await readMlmodel(folder);
  if (described.flavors.murmur === undefined) throw invalid(folder, 'MLmodel without the flavor murmur');
  const digests = described.flavors.murmur.digests;
  // What the bundle has a digest of is the bundle's.
  const python = pythonFiles().filter(({ path }) => !Object.hasOwn(Object(digests), path));
  const generated = new Set([mlmodelFile, ...python.map(({ path }) => path)]);
  const own = (await filesBelow(folder)).filter(({ path }) => !generated.has(path));
  const text = stringify(await logged(folder, described, about), { lineWidth: 0 });
  return [...own, ...python, { path: mlmodelFile, text }];
}

async function logged(
  folder: string,
  described: Mlmodel,
  { runId, modelId, now }: { runId: string; modelId?: string; now: number },
): Promise<object> {
  const { model_id: _, ...kept } = described;
  return {
    ...kept,
    flavors: {
      ...described.flavors,
      python_function: {
        loader_module: loader,
        code: 'code',
        env: { conda: 'conda.yaml', virtualenv: 'python_env.yaml' },
        python_version: '3.11.7',
      },
    },
    mlflow_version: mlflowVersion,
    model_size_bytes: await sizeOf(folder),
    run_id: runId,
    ...(modelId === undefined ? {} : { model_id: modelId }),
    signature: {
      // Without a name: a list of texts is taken as well as a table with a column of them.
      inputs: JSON.stringify([{ type: 'string', required: true }]),
      outputs: JSON.stringify([
        { type: 'string', name: 'sentiment', required: true },
        { type: 'double', name: 'score', required: true },
      ]),
      params: null,
    },
    utc_time_created: new Date(now).toISOString().replace('T', ' ').replace('Z', '000'),
  };
}

function pythonFiles(): { path: string; localFile: string }[] {
  const at = (name: string) => join(packageRoot(), 'models', 'pyfunc', name);
  return [
    { path: `code/${loader}.py`, localFile: at(`${loader}.py`) },
    ...['conda.yaml', 'python_env.yaml', 'requirements.txt'].map((path) => ({ path, localFile: at(path) })),
  ];
}

async function filesBelow(folder: string): Promise<{ path: string; localFile: string }[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .map((localFile) => ({ path: relative(folder, localFile).split(sep).join('/'), localFile }))
    .filter(({ path }) => !path.split('/').some((part) => part.startsWith('.') || part === '__pycache__'))
    .sort((a, b) => (a.path < b.path ? -1 : 1));
}

async function sizeOf(folder: string): Promise<number> {
  const sizes = await Promise.all(
    (await filesBelow(folder)).map(async ({ localFile }) => (await stat(localFile)).size),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}

function invalid(folder: string, what: string, cause?: unknown): MurmurError {
  return new MurmurError('mlflow.model_invalid', `${what}, in the model folder ${folder}`, {
    fault: 'user',
    fix: 'give the folder of a model bundle (one laid out like models/bundled of the package)',
    cause,
    context: { folder },
  });
}
