/**
 * What MLflow takes, checked before anything is written, so that both stores refuse alike. A server would cut long params
 * without a word; here nothing is lost in silence.
 */
import { invalidValue } from './faults.js';
import type { Batch, Metric, Tags } from './store.js';

const maxKey = 250;
const maxParam = 6000;
const maxTag = 8000;
/** Of one log-batch call. */
const maxMetrics = 1000;
const maxParams = 100;
const maxTags = 100;

/** Keys are file names in a file store; these are safe as such everywhere. */
export function checkKey(key: string): void {
  if (/^[A-Za-z0-9_-][A-Za-z0-9_.-]*$/.test(key) && key.length <= maxKey) return;
  throw invalidValue(
    `MLflow key ${JSON.stringify(key.slice(0, maxKey))}, expected 1 to ${maxKey} of A-Z a-z 0-9 _ . - without a dot in front`,
    'rename the metric, param or tag',
  );
}

export function checkTags(tags: Tags | undefined): void {
  for (const [key, value] of Object.entries(tags ?? {})) {
    checkKey(key);
    checkLength(`tag ${key}`, value, maxTag);
  }
}

export function checkParams(params: Tags | undefined): void {
  for (const [key, value] of Object.entries(params ?? {})) {
    checkKey(key);
    checkLength(`param ${key}`, value, maxParam);
  }
}

/** Name of a registered model. */
export function checkModelName(name: string): void {
  if (name.trim() !== '' && !/[/:\\]/.test(name) && !name.startsWith('.')) return;
  throw invalidValue(
    `model name ${JSON.stringify(name)}, expected some text without / \\ : and no dot in front`,
    'choose another name',
  );
}

/** MLflow keeps `latest` and `v1`, `v2` … for itself. */
export function checkAlias(alias: string): void {
  if (/^[\w-]{1,255}$/.test(alias) && !/^v\d+$/i.test(alias) && alias.toLowerCase() !== 'latest') return;
  throw invalidValue(
    `model alias ${JSON.stringify(alias)}, expected letters, digits, _ and -, and neither latest nor v1`,
    'choose another alias, champion for one',
  );
}

/** Checks a batch and splits it into what single calls take: params and tags first, so that metrics find their run described. */
export function batchesOf(batch: Batch): Required<Batch>[] {
  checkParams(batch.params);
  checkTags(batch.tags);
  const metrics = (batch.metrics ?? []).map(checkedMetric);
  const params = chunks(Object.entries(batch.params ?? {}), maxParams);
  const tags = chunks(Object.entries(batch.tags ?? {}), maxTags);
  const described = Array.from({ length: Math.max(params.length, tags.length) }, (_, i) => ({
    metrics: [],
    params: Object.fromEntries(params[i] ?? []),
    tags: Object.fromEntries(tags[i] ?? []),
  }));
  return [
    ...described,
    ...chunks(metrics, maxMetrics).map((some) => ({ metrics: some, params: {}, tags: {} })),
  ];
}

function checkedMetric(metric: Metric): Metric {
  checkKey(metric.key);
  if (!Number.isSafeInteger(metric.step) || !Number.isSafeInteger(metric.timestamp)) {
    throw invalidValue(
      `metric ${metric.key} with step ${metric.step} and timestamp ${metric.timestamp}, expected integers`,
      'give whole steps, and milliseconds since the epoch',
    );
  }
  const { value } = metric;
  if (Math.abs(value) !== Number.POSITIVE_INFINITY) return metric;
  return { ...metric, value: Math.sign(value) * Number.MAX_VALUE };
}

function checkLength(what: string, value: string, limit: number): void {
  if (value.length <= limit) return;
  throw invalidValue(
    `${what} has ${value.length} characters, MLflow takes ${limit}`,
    'log it as an artifact',
  );
}

function chunks<T>(items: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, i) =>
    items.slice(i * size, (i + 1) * size),
  );
}
