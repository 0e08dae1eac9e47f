/**
 * The store where no server is set: a folder in the layout of MLflow's own file store, which Python's client reads and
 * `mlflow migrate-filestore` hands over to a server. Nothing is made before the first experiment.
 */
import { type Clock, systemClock } from '../../base/clock.js';
import { MurmurError } from '../../base/errors.js';
import { FolderArtifacts } from '../folder-artifacts.js';
import { fileUri, localPathOf } from '../local-uri.js';
import type { Artifacts, MlflowStore } from '../store.js';
import { FileRegistry } from './file-registry.js';
import { FileTracking } from './file-tracking.js';
import { Layout } from './layout.js';

export class FileStore implements MlflowStore {
  readonly uri: string;
  readonly tracking: FileTracking;
  readonly registry: FileRegistry;
  readonly #layout: Layout;

  /** @param root the `mlruns` folder; it need not be there */
  constructor(root: string, options: { clock?: Clock } = {}) {
    const clock = options.clock ?? systemClock;
    this.#layout = new Layout(root);
    this.uri = fileUri(this.#layout.root);
    this.tracking = new FileTracking(this.#layout, clock);
    this.registry = new FileRegistry(this.#layout, clock);
  }

  artifacts(uri: string): Artifacts {
    const folder = localPathOf(this.#layout.located(uri));
    if (folder !== undefined) return new FolderArtifacts(folder);
    throw new MurmurError(
      'mlflow.artifacts_unsupported',
      `artifacts at ${uri.replace(/\?.*/s, '')} are not local`,
      {
        fault: 'user',
        fix: 'set MLFLOW_TRACKING_URI to the server that has them',
        context: { uri: this.uri },
      },
    );
  }

  close(): void {}
}
