/** What a lake's `murmur.yaml` says about MLflow. */
import { z } from 'zod';
import type { Environment } from '../config/interpolate.js';

export const mlflowOptions = z.strictObject({
  mlflow: z
    .string()
    .default('')
    .describe(
      'where runs are logged and models registered: http(s)://…, databricks, or a folder. Empty: MLFLOW_TRACKING_URI, else mlruns/ beside murmur.yaml. `off`: no run is logged.',
    )
    .meta({ examples: ['http://localhost:5000', 'off'] }),
});

/** Whether runs are logged at all. */
export function logsRuns(setting: string): boolean {
  return setting.trim().toLowerCase() !== 'off';
}

/** The tracking URI of a lake; empty for its own `mlruns/`. Where no run is logged, models may still be registered. */
export function trackingUri(setting: string, env: Environment): string {
  const given = logsRuns(setting) ? setting.trim() : '';
  return given === '' ? (env.MLFLOW_TRACKING_URI ?? '').trim() : given;
}
