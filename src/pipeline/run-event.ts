/** Everything that happens in a run: what its queries tell, and what becomes of its run in MLflow. */
import type { MurmurError } from '../base/errors.js';
import type { QueryEvent } from '../engine/engine.js';

export type TrackingEvent =
  | { type: 'mlflow_run_opened'; uri: string; mlflowRunId: string; at: number }
  /** Runs of this lake that died without a word, closed as KILLED. */
  | { type: 'mlflow_runs_closed'; mlflowRunIds: readonly string[]; at: number }
  /** Nothing can be logged for now; told once until it can. The streams go on. */
  | { type: 'mlflow_away'; error: MurmurError; at: number }
  | { type: 'mlflow_back'; at: number }
  /** Something could not be found out, or MLflow takes it never: it is lost to the log. */
  | { type: 'mlflow_refused'; what: string; error: MurmurError; at: number };

export type RunEvent = QueryEvent | TrackingEvent;
