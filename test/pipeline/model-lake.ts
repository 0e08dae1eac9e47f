/** A lake whose model comes from its own `mlruns/`, run as the library runs it. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { ensureExperiment } from '../../src/mlflow/experiment.js';
import { logModel, registerModel } from '../../src/mlflow/log-model.js';
import { openStore } from '../../src/mlflow/open-store.js';
import type { MlflowStore } from '../../src/mlflow/store.js';
import { type OpenLake, openLake } from '../../src/pipeline/open.js';
import type { LakeRun, RunOptions } from '../../src/pipeline/run.js';
import type { RunEvent } from '../../src/pipeline/run-event.js';
import type { LakeSpecInput } from '../../src/pipeline/spec.js';
import { BundleCopy } from '../scoring/bundle-copy.js';

/** The bundled model that takes negative for positive: whole, and surely another one. */
export function contraryBundle(): BundleCopy {
  return new BundleCopy().remake('config.json', (text) =>
    text.replace('["negative", "neutral", "positive"]', '["positive", "neutral", "negative"]'),
  );
}

const impatient = { MLFLOW_HTTP_REQUEST_MAX_RETRIES: '0' };

export class ModelLake {
  readonly dir = mkdtempSync(join(tmpdir(), 'murmur-models-'));
  readonly store: MlflowStore;
  readonly #closing: (() => Promise<unknown>)[] = [];

  /** @param uri tracking URI; default `mlruns/` of the lake */
  constructor(
    readonly spec: LakeSpecInput,
    uri = '',
  ) {
    mkdirSync(join(this.dir, 'landing'));
    this.store = openStore(uri, { folder: this.dir, env: impatient });
    onTestFinished(async () => {
      for (const close of this.#closing.reverse()) await close();
      rmSync(this.dir, { recursive: true, force: true });
    });
  }

  /** Logs a bundle and makes it the next version. */
  async register(folder: string, name = 'sentiment'): Promise<string> {
    const { experimentId } = await ensureExperiment(this.store, 'murmur');
    const run = await this.store.tracking.createRun({ experimentId, name: 'r', startTime: 1 });
    const logged = await logModel(this.store, run, folder);
    return (await registerModel(this.store, logged, { name })).version;
  }

  alias(version: string, alias = 'champion'): Promise<void> {
    return this.store.registry.setAlias('sentiment', alias, version);
  }

  land(name: string, posts: readonly object[]): void {
    writeFileSync(join(this.dir, 'landing', name), posts.map((post) => `${JSON.stringify(post)}\n`).join(''));
  }

  async open(change: LakeSpecInput = {}): Promise<OpenLake> {
    const spec: LakeSpecInput = {
      model_poll: '20ms',
      ...this.spec,
      ...change,
      streams: { gold: { threads: 1, max_posts: 500 } },
    };
    const lake = await openLake({ dir: this.dir, spec }, { env: impatient });
    this.#closing.push(() => lake.close());
    return lake;
  }

  async run(options: RunOptions = {}, change: LakeSpecInput = {}): Promise<WatchedRun> {
    const run = new WatchedRun((await this.open(change)).run(options));
    this.#closing.push(() => run.run.stop());
    return run;
  }

  async sql<T>(text: string): Promise<T[]> {
    const lake = await this.open();
    return (await lake.sql(text)).rows as T[];
  }
}

/** A run of which every event is kept. */
export class WatchedRun {
  readonly events: RunEvent[] = [];
  readonly heard: Promise<void>;

  constructor(readonly run: LakeRun) {
    this.heard = (async () => {
      for await (const event of run.events) this.events.push(event);
    })();
  }

  of<T extends RunEvent['type']>(type: T): Extract<RunEvent, { type: T }>[] {
    return this.events.filter((event) => event.type === type) as Extract<RunEvent, { type: T }>[];
  }

  /** Posts that gold has committed in this run. */
  get scored(): number {
    return this.run.status().find(({ name }) => name === 'gold')?.totals.output_posts ?? 0;
  }
}
