/** Points of metrics as lines: `time value step`, in a run; with run, data set and its digest behind them, in a model. */
import type { Metric } from '../store.js';
import { appendLines, readIfThere } from './files.js';
import { invalid } from './meta-yaml.js';

/**
 * A point of a run. MLflow's reader takes the step of a point with a data set for 0, so a point with a step goes without:
 * the model's own line holds both.
 */
export function runLine({ timestamp, value, step, dataset }: Metric): string {
  return `${timestamp} ${value} ${step}${step === 0 ? fieldsOf(dataset) : ''}`;
}

export function modelLine({ timestamp, value, step, dataset }: Metric, runId: string): string {
  return `${timestamp} ${value} ${step} ${runId}${fieldsOf(dataset)}`;
}

/** MLflow's reader refuses a line of more fields, so that a space in a file's name would cost the whole metric. */
function fieldsOf(dataset: Metric['dataset']): string {
  if (dataset === undefined) return '';
  return [dataset.name, dataset.digest].map((field) => ` ${field.replace(/\s/g, '_')}`).join('');
}

export function parseRunLines(key: string, text: string, path: string): Metric[] {
  return parse(key, text, path, (parts) => (parts.length === 5 ? parts.slice(3) : []));
}

export function parseModelLines(key: string, text: string, path: string): Metric[] {
  return parse(key, text, path, (parts) => (parts.length === 6 ? parts.slice(4) : []));
}

/** The point that MLflow shows: highest step, then latest, then largest. */
export function newest(points: readonly Metric[]): Metric | undefined {
  return points.reduce<Metric | undefined>(
    (best, point) => (best === undefined || order(point, best) > 0 ? point : best),
    undefined,
  );
}

function order(a: Metric, b: Metric): number {
  return a.step - b.step || a.timestamp - b.timestamp || a.value - b.value;
}

function parse(key: string, text: string, path: string, datasetOf: (parts: string[]) => string[]): Metric[] {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  return lines.map((line) => {
    const parts = line.trim().split(' ');
    const [timestamp, step] = [Number(parts[0]), Number(parts[2] ?? 0)];
    if (!Number.isSafeInteger(timestamp) || !Number.isSafeInteger(step) || parts.length < 2) {
      throw invalid(path, `${JSON.stringify(line)} is no point of a metric`);
    }
    const [name, digest] = datasetOf(parts);
    return {
      key,
      value: floatOf(parts[1]!),
      timestamp,
      step,
      ...(name === undefined || digest === undefined ? {} : { dataset: { name, digest } }),
    };
  });
}

/** A number as Python or JavaScript writes it. */
function floatOf(text: string): number {
  if (/^[+-]?inf/i.test(text)) return text.startsWith('-') ? -Number.MAX_VALUE : Number.MAX_VALUE;
  return Number(text);
}

/** Adds what a file does not hold yet: the same point again is no change. */
export async function appendPoints(path: string, lines: readonly string[]): Promise<void> {
  const known = new Set((await readIfThere(path))?.split('\n'));
  const added = [...new Set(lines)].filter((line) => !known.has(line));
  if (added.length > 0) await appendLines(path, added);
}

export function groupBy<T>(items: readonly T[], keyOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const group = groups.get(keyOf(item));
    if (group === undefined) groups.set(keyOf(item), [item]);
    else group.push(item);
  }
  return groups;
}
