/** What a run knows of its engine, whichever it is. */
import type { BatchProgress, EngineRun, QueryDefinition } from '../engine/engine.js';
import type { ModelStatus } from './model/model-status.js';

export interface OpenedEngine {
  readonly models: RunModels;
  /** Starts the queries. Whoever called it must `close` the run. */
  start(queries: readonly QueryDefinition[]): Promise<EngineRun>;
}

export interface RunModels {
  status(): ModelStatus;
  /** To be told of every committed batch. */
  committed(progress: BatchProgress): Promise<void>;
}
