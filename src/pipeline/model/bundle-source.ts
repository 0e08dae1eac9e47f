/** Where an imported bundle is from: in its `MLmodel`, which no digest covers, so that the bundle stays the same one. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { mlmodelFile, readMlmodel } from '../../mlflow/index.js';

/** A key of MLflow's `metadata`. */
const key = 'murmur.source';

/** @param source as it was written: `hf:owner/name@rev` */
export async function noteSource(folder: string, source: string): Promise<void> {
  const path = join(folder, mlmodelFile);
  const mlmodel = parse(await readFile(path, 'utf8'));
  const metadata = { ...mlmodel.metadata, [key]: source };
  // As Python's YAML 1.1 reads it.
  await writeFile(path, stringify({ ...mlmodel, metadata }, { version: '1.1', lineWidth: 0 }));
}

/** Undefined where nobody has noted it. @throws mlflow.model_invalid (user) */
export async function sourceOf(folder: string): Promise<string | undefined> {
  const { metadata } = await readMlmodel(folder);
  const source = metadata?.[key];
  return typeof source === 'string' ? source : undefined;
}
