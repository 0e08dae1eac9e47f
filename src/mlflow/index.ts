/** MLflow from TypeScript: tracking, artifacts, logged models and the registry, on a server or in a folder. */
export { type DownloadedModel, downloadModel, downloadResolved } from './download-model.js';
export { ensureExperiment } from './experiment.js';
export { type LoggedBundle, type LogModelOptions, logModel, registerModel } from './log-model.js';
export { type Mlmodel, mlflowVersion, mlmodelFile, readMlmodel } from './model-format.js';
export { isModelUri, parseModelUri, type ResolvedModel, resolveModel } from './model-uri.js';
export { type OpenStoreOptions, openStore } from './open-store.js';
export { logsRuns, trackingUri } from './options.js';
export { RunLog, type RunLogEvent, type RunLogOptions, type RunLogReport } from './run-log.js';
export type { RunOwner } from './run-owner.js';
export type * from './store.js';
export { svgPng } from './svg-png.js';
