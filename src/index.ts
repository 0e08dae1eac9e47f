/** Murmur as a library: what the command line uses, and nothing that it cannot. See also `murmur-lake/delta` and `/scoring`. */
export { type Fault, isMurmurError, MurmurError } from './base/errors.js';
export type {
  BatchProgress,
  DriftFigures,
  QueryEvent,
  QueryState,
  QueryStatus,
  ScoringReport,
} from './engine/engine.js';
export type { Expectation, LayerRule, RowPredicate, RowRule } from './engine/expectation.js';
export type { Lake } from './lake/lake.js';
export type { LakeTable, RowsQuery, TableCommit, TableCount, TableDescription } from './lake/lake-table.js';
export type { SqlResult } from './lake/sql-desk.js';
export type { CheckResult } from './operate/check.js';
export { checkLake, checkMachine } from './operate/doctor.js';
export { fixLake, type Mending } from './operate/doctor-fix.js';
export { planRebuild, type RebuildPreview, rebuild } from './operate/rebuild.js';
export type { RebuildOptions, RebuildResult, RestoredDownstream } from './operate/rebuilding.js';
export { planReset, reset } from './operate/reset.js';
export { restoreAndRebuild } from './operate/restore-downstream.js';
export { trace } from './operate/trace.js';
export type { Finding, Problem, Remedy, Seen } from './operate/tune/finding.js';
export { type TuneOptions, type Tuning, tune } from './operate/tune/tune.js';
export type { ModelStatus } from './pipeline/model/model-status.js';
export {
  definePipeline,
  OpenLake,
  type OpenLakeOptions,
  openLake,
  type PipelineDefinition,
} from './pipeline/open.js';
export { LakeRun, type RunOptions, type RunSummary, type StreamSummary } from './pipeline/run.js';
export type { RunEvent, TrackingEvent } from './pipeline/run-event.js';
export type { LakeSpec, LakeSpecInput } from './pipeline/spec.js';
