/**
 * What a run has yet to log, bounded: while MLflow is away the newest values stay and the oldest go, and what went is
 * counted. What was taken to be sent comes back in front if the sending fails.
 */
import type { DatasetInput, Metric, Tags } from './store.js';

export interface Pending {
  metrics: readonly Metric[];
  params: Tags;
  tags: Tags;
  inputs: readonly DatasetInput[];
  artifacts: ReadonlyMap<string, Uint8Array>;
}

export type PendingKind = keyof Pending;

const maxPoints = 10_000;
const maxEntries = 1_000;
const maxArtifactBytes = 64 * 2 ** 20;

export class RunQueue {
  #metrics: Metric[] = [];
  readonly #params = new Map<string, string>();
  readonly #tags = new Map<string, string>();
  #inputs: DatasetInput[] = [];
  readonly #artifacts = new Map<string, Uint8Array>();
  readonly #dropped = new Map<PendingKind, number>();

  metric(metric: Metric): void {
    this.#metrics.push(metric);
    this.#boundMetrics();
  }

  param(key: string, value: string): void {
    this.#put('params', this.#params, key, value);
  }

  tag(key: string, value: string): void {
    this.#put('tags', this.#tags, key, value);
  }

  input(input: DatasetInput): void {
    this.#inputs.push(input);
    while (this.#inputs.length > maxEntries) {
      this.#inputs.shift();
      this.drop('inputs');
    }
  }

  artifact(path: string, bytes: Uint8Array): void {
    this.#artifacts.delete(path);
    this.#artifacts.set(path, bytes);
    this.#boundArtifacts();
  }

  /** All that waits; the queue is empty afterwards. */
  take(): Pending {
    const taken = {
      metrics: this.#metrics,
      params: Object.fromEntries(this.#params),
      tags: Object.fromEntries(this.#tags),
      inputs: this.#inputs,
      artifacts: new Map(this.#artifacts),
    };
    this.#metrics = [];
    this.#inputs = [];
    for (const map of [this.#params, this.#tags, this.#artifacts]) map.clear();
    return taken;
  }

  /** Puts back what could not be sent; what came meanwhile is newer. */
  putBack(pending: Partial<Pending>): void {
    this.#metrics = [...(pending.metrics ?? []), ...this.#metrics];
    this.#boundMetrics();
    this.#inputs = [...(pending.inputs ?? []), ...this.#inputs];
    for (const [key, value] of Object.entries(pending.params ?? {})) this.param(key, value);
    for (const [key, value] of Object.entries(pending.tags ?? {}))
      if (!this.#tags.has(key)) this.tag(key, value);
    const newer = [...this.#artifacts];
    for (const [path, bytes] of [...(pending.artifacts ?? []), ...newer]) this.artifact(path, bytes);
  }

  drop(kind: PendingKind, count = 1): void {
    this.#dropped.set(kind, (this.#dropped.get(kind) ?? 0) + count);
  }

  /** How much is lost for good, by kind; empty when nothing is. */
  get dropped(): Readonly<Partial<Record<PendingKind, number>>> {
    return Object.fromEntries(this.#dropped);
  }

  /** How much waits, by kind. */
  get waiting(): Readonly<Partial<Record<PendingKind, number>>> {
    const counts = {
      metrics: this.#metrics.length,
      params: this.#params.size,
      tags: this.#tags.size,
      inputs: this.#inputs.length,
      artifacts: this.#artifacts.size,
    };
    return Object.fromEntries(Object.entries(counts).filter(([, count]) => count > 0));
  }

  #put(kind: 'params' | 'tags', map: Map<string, string>, key: string, value: string): void {
    if (map.has(key) || map.size < maxEntries) map.set(key, value);
    else this.drop(kind);
  }

  #boundMetrics(): void {
    const over = this.#metrics.length - maxPoints;
    if (over <= 0) return;
    this.#metrics.splice(0, over);
    this.drop('metrics', over);
  }

  #boundArtifacts(): void {
    let size = [...this.#artifacts.values()].reduce((sum, bytes) => sum + bytes.length, 0);
    for (const [path, bytes] of this.#artifacts) {
      if (size <= maxArtifactBytes) return;
      this.#artifacts.delete(path);
      this.drop('artifacts');
      size -= bytes.length;
    }
  }
}
