/** The library's front door: a lake's folder (or a spec) becomes something to read, to ask and to run. */
import { join, resolve } from 'node:path';
import type { Clock } from '../base/clock.js';
import type { Environment } from '../config/interpolate.js';
import { requireConfig } from '../config/parse.js';
import { readConfigFile } from '../config/read-file.js';
import { Lake } from '../lake/lake.js';
import type { LakeTable } from '../lake/lake-table.js';
import { s3Options } from '../lake/options.js';
import { configName } from '../lake/paths.js';
import type { SqlResult } from '../lake/sql-desk.js';
import type { MlflowStore } from '../mlflow/index.js';
import type { FileSource } from '../sources/files/file-source.js';
import type { CodeRules } from './expect-options.js';
import { inspectLanding } from './landing.js';
import { openMlflow } from './mlflow.js';
import { postFunctions } from './post-functions.js';
import { LakeRun, type RunOptions } from './run.js';
import { type LakeSpec, type LakeSpecInput, spec } from './spec.js';

/** A pipeline as code: the typed murmur.yaml, where it lives, and rules that SQL cannot say. */
export interface PipelineDefinition {
  /** The lake's folder. */
  dir: string;
  spec: LakeSpecInput;
  rules?: CodeRules;
}

/** Checks a definition now, so that `openLake` with it cannot fail for its spec. @throws config.invalid (user) */
export function definePipeline(definition: PipelineDefinition): PipelineDefinition {
  requireConfig(spec, { overrides: definition.spec });
  return Object.freeze({ ...definition });
}

export interface OpenLakeOptions {
  /**
   * For `MURMUR_*` variables, `${NAME}` in murmur.yaml, `MLFLOW_*` and `DATABRICKS_*`. Default: none, so that a library call
   * depends on nothing.
   */
  env?: Environment;
  /** Settings that go before everything else, in the form of murmur.yaml. */
  overrides?: object;
  clock?: Clock;
}

/**
 * Opens a lake: the folder of a murmur.yaml, or a definition in code. Nothing is read or started until it is asked for.
 * @throws config.missing (user) when the folder has no murmur.yaml; config.invalid (user), listing every fault
 */
export async function openLake(
  what: string | PipelineDefinition,
  options: OpenLakeOptions = {},
): Promise<OpenLake> {
  const { env = {}, overrides, clock } = options;
  if (typeof what !== 'string') {
    const parsed = requireConfig(spec, { env, overrides: { ...what.spec, ...overrides } });
    return new OpenLake(resolve(what.dir), parsed, what.rules, clock, env);
  }
  const name = join(resolve(what), configName);
  const parsed = requireConfig(spec, {
    file: { name: configName, text: readConfigFile(name) },
    env,
    overrides,
  });
  return new OpenLake(resolve(what), parsed, undefined, clock, env);
}

export class OpenLake {
  /** Everything that reads: tables, SQL, figures, the control socket. */
  readonly lake: Lake;

  constructor(
    dir: string,
    readonly spec: LakeSpec,
    readonly rules: CodeRules | undefined,
    readonly clock: Clock | undefined,
    readonly env: Environment,
  ) {
    const s3 = s3Options(spec.s3);
    this.lake = new Lake({
      dir,
      landing: spec.landing,
      tables: spec.tables,
      cache: spec.cache,
      ...(s3 === undefined ? {} : { s3 }),
      posts: postFunctions(spec),
      ...(clock === undefined ? {} : { clock }),
    });
  }

  /**
   * Runs the pipeline in this process. Returns at once; see `done` of the run. Only one run a lake, in any process.
   */
  run(options: RunOptions = {}): LakeRun {
    const { rules, clock, env } = this;
    return new LakeRun(this.lake, this.spec, {
      env,
      ...(rules === undefined ? {} : { rules }),
      ...(clock === undefined ? {} : { clock }),
      ...options,
    });
  }

  /**
   * Looks at the landing place: what is there, what was read of it, and why not. `look` gets the source and must be done
   * with it when it resolves.
   */
  landing<T>(look: (source: FileSource) => Promise<T>): Promise<T> {
    return inspectLanding(this.lake, this.spec, look, this.clock);
  }

  /**
   * MLflow as this lake uses it; nothing is connected yet. Whoever opens it closes it.
   * @throws mlflow.uri_invalid, mlflow.setting_unsupported (user)
   */
  mlflow(): MlflowStore {
    return openMlflow(this.lake, this.spec, this.env, this.clock);
  }

  table(name: string): LakeTable {
    return this.lake.table(name);
  }

  /** DuckDB SQL over the tables. @throws duck.sql_error (user) */
  sql(text: string, params?: readonly unknown[]): Promise<SqlResult> {
    return this.lake.sql(text, params);
  }

  close(): Promise<void> {
    return this.lake.close();
  }
}
