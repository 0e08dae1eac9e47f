/** The errors that both stores give alike. */
import { MurmurError } from '../base/errors.js';

/** @param what `run`, `logged model`, `registered model`, with its name behind it */
export function notFound(what: string, store: string, cause?: unknown): MurmurError {
  return new MurmurError('mlflow.not_found', `no ${what} in MLflow at ${store}`, {
    fault: 'user',
    fix: 'check the name, and MLFLOW_TRACKING_URI',
    cause,
    context: { store },
  });
}

export function alreadyExists(what: string, store: string): MurmurError {
  return new MurmurError('mlflow.already_exists', `${what} exists already in MLflow at ${store}`, {
    fault: 'user',
    fix: 'take another name, or use the one that is there',
    context: { store },
  });
}

export function paramChanged(key: string, runId: string): MurmurError {
  return new MurmurError('mlflow.param_changed', `param ${key} of run ${runId} has another value already`, {
    fault: 'user',
    fix: 'log it in a new run: MLflow keeps a param as it was first written',
    context: { key, runId },
  });
}

export function invalidValue(message: string, fix: string): MurmurError {
  return new MurmurError('mlflow.value_invalid', message, { fault: 'user', fix });
}

export function closed(store: string): MurmurError {
  return new MurmurError('mlflow.closed', `the connection to MLflow at ${store} is closed`, {
    fault: 'user',
    fix: 'open the store again',
  });
}
