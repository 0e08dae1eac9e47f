/** A tracking server, or Databricks, as an MLflow store. */
import { MurmurError } from '../../base/errors.js';
import { FolderArtifacts } from '../folder-artifacts.js';
import { localPathOf } from '../local-uri.js';
import type { Artifacts, MlflowStore } from '../store.js';
import { Api } from './api.js';
import type { Connection } from './connection.js';
import { ProxyArtifacts } from './proxy-artifacts.js';
import { RestRegistry } from './rest-registry.js';
import { RestTracking } from './rest-tracking.js';
import { type Owner, SignedArtifacts } from './signed-artifacts.js';

export class RestStore implements MlflowStore {
  readonly uri: string;
  readonly tracking: RestTracking;
  readonly registry: RestRegistry;
  readonly #api: Api;

  constructor(connection: Connection) {
    this.uri = connection.uri;
    this.#api = new Api(connection);
    this.tracking = new RestTracking(this.#api);
    this.registry = new RestRegistry(this.#api);
  }

  artifacts(uri: string): Artifacts {
    if (uri.startsWith('mlflow-artifacts:')) return new ProxyArtifacts(this.#api, uri);
    const owner = databricksOwner(uri);
    if (owner !== undefined) return new SignedArtifacts(this.#api, owner);
    const folder = localPathOf(uri);
    if (folder !== undefined) return new FolderArtifacts(folder);
    throw new MurmurError(
      'mlflow.artifacts_unsupported',
      `artifacts at ${uri.replace(/\?.*/s, '')} cannot be reached`,
      {
        fault: 'user',
        fix: 'start the server with `--serve-artifacts --artifacts-destination …`, so that it hands files on',
        context: { uri: this.uri },
      },
    );
  }

  close(): void {
    this.#api.http.close();
  }
}

function databricksOwner(uri: string): Owner | undefined {
  const found =
    /^dbfs:\/+databricks\/mlflow-tracking\/[^/]+\/(logged_models\/)?([^/]+)\/artifacts(?:\/(.*?))?\/*$/.exec(
      uri,
    );
  return found === null
    ? undefined
    : { kind: found[1] === undefined ? 'run' : 'model', id: found[2]!, below: found[3] ?? '' };
}
