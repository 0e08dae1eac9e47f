/**
 * How far the newest posts are from the baseline: the population stability index of the predicted score, of the text's length
 * and of the predicted class. The baseline is the bundle's own (`baseline.json`, from its training), else the first posts that
 * the model scored in this lake, kept beside the checkpoints.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { isMurmurError } from '../../base/errors.js';
import type { ScoredBatch, ScoredPost } from '../../engine/embedded/index.js';
import type { DriftFigures } from '../../engine/engine.js';
import { countByEdges, psi, quantileEdges } from '../../figures/psi.js';
import type { Storage } from '../../storage/storage.js';

/** From fewer posts an index says nothing: chance alone moves it. */
const fewestPosts = 500;
const bins = 10;

const binned = z
  .object({ edges: z.array(z.number()), counts: z.array(z.number().nonnegative()) })
  .refine(({ edges, counts }) => counts.length === edges.length + 1, {
    error: 'expected one count more than edges',
  });

/** `baseline.json` of a bundle, and what is kept of the first posts. */
const baselineSchema = z.object({
  posts: z.int().positive(),
  /** Predicted score, 0–100. */
  score: binned,
  /** Characters (UTF-16 code units) of the text. */
  length: binned,
  /** Posts by predicted class. */
  classes: z.record(z.string(), z.number().nonnegative()),
});
export type Baseline = z.output<typeof baselineSchema>;

const collectedSchema = z.array(z.tuple([z.number(), z.number(), z.string()]));
const keptSchema = z.union([baselineSchema, collectedSchema]);

/** Score, length and class of a post. */
type Seen = z.output<typeof collectedSchema>[number];

export interface DriftOptions {
  baseline: number;
  window: number;
}

/** What is known of one model's posts; the window goes on from batch to batch once they are committed. */
export class Drift {
  readonly #options: DriftOptions;
  readonly #storage: Storage;
  #digest: string | undefined;
  #baseline: Baseline | undefined;
  #collected: Seen[] = [];
  #window: Seen[] = [];
  /** The batch looked at last, which may not be committed. */
  #pending: { batchId: number; seen: Seen[] } | undefined;

  /** @param storage where baselines are kept, by the model's digest */
  constructor(options: DriftOptions, storage: Storage) {
    this.#options = options;
    this.#storage = storage;
  }

  get posts(): number | null {
    return this.#baseline?.posts ?? null;
  }

  /**
   * The figures of the window with this batch in it.
   * @param own the baseline that the model's bundle brings
   */
  async look(batch: ScoredBatch, own: Baseline | undefined): Promise<DriftFigures | null> {
    if (batch.model.digest !== this.#digest) await this.#begin(batch.model.digest, own);
    const seen = batch.posts.map(seenOf);
    this.#pending = { batchId: batch.batchId, seen };
    const newest = this.#newest(seen);
    if (this.#baseline === undefined || newest.length < Math.min(fewestPosts, this.#options.window))
      return null;
    return figures(this.#baseline, newest);
  }

  /** The batch looked at is committed: from now on its posts count. */
  async committed(batchId: number): Promise<void> {
    if (this.#pending?.batchId !== batchId) return;
    const { seen } = this.#pending;
    this.#pending = undefined;
    if (this.#baseline !== undefined) {
      this.#window = this.#newest(seen);
      return;
    }
    this.#collected.push(...seen);
    if (this.#collected.length >= this.#options.baseline) {
      this.#baseline = baselineOf(this.#collected);
      this.#collected = [];
    }
    await this.#keep(this.#baseline ?? this.#collected);
  }

  async #begin(digest: string, own: Baseline | undefined): Promise<void> {
    const kept = own ?? (await this.#kept(digest));
    this.#digest = digest;
    this.#baseline = Array.isArray(kept) ? undefined : kept;
    this.#collected = Array.isArray(kept) ? kept : [];
    this.#window = [];
  }

  #newest(seen: readonly Seen[]): Seen[] {
    return [...this.#window, ...seen].slice(-this.#options.window);
  }

  /** What cannot be read is begun again. */
  async #kept(digest: string): Promise<Baseline | Seen[] | undefined> {
    try {
      const text = Buffer.from(await this.#storage.read(`${digest}.json`)).toString('utf8');
      return keptSchema.parse(JSON.parse(text));
    } catch (e) {
      if (isMurmurError(e) || e instanceof SyntaxError || e instanceof z.ZodError) return undefined;
      throw e;
    }
  }

  #keep(value: Baseline | Seen[]): Promise<void> {
    return this.#storage.put(`${this.#digest}.json`, Buffer.from(JSON.stringify(value)));
  }
}

/** The baseline that a bundle brings; undefined where it has none, or none that can be taken for one. */
export async function baselineIn(bundleFolder: string): Promise<Baseline | undefined> {
  const text = await readFile(join(bundleFolder, 'baseline.json'), 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  return baselineSchema.safeParse(JSON.parse(text)).data;
}

function seenOf({ score, text, sentiment }: ScoredPost): Seen {
  return [Math.round(score * 100) / 100, text.length, sentiment];
}

function baselineOf(seen: readonly Seen[]): Baseline {
  const cut = (values: number[]) => {
    const edges = quantileEdges(values, bins);
    return { edges, counts: countByEdges(values, edges) };
  };
  return {
    posts: seen.length,
    score: cut(seen.map(([score]) => score)),
    length: cut(seen.map(([, length]) => length)),
    classes: countClasses(seen),
  };
}

function figures(baseline: Baseline, seen: readonly Seen[]): DriftFigures {
  const now = countClasses(seen);
  const labels = [...new Set([...Object.keys(baseline.classes), ...Object.keys(now)])].sort();
  const then = (label: string) => baseline.classes[label] ?? 0;
  const all = labels.reduce((sum, label) => sum + then(label), 0);
  const moved = (of: 'score' | 'length', values: number[]) => {
    const { edges, counts } = baseline[of];
    return rounded(psi(counts, countByEdges(values, edges)) ?? 0);
  };
  return {
    posts: seen.length,
    score_psi: moved(
      'score',
      seen.map(([score]) => score),
    ),
    length_psi: moved(
      'length',
      seen.map(([, length]) => length),
    ),
    class_psi: rounded(
      psi(
        labels.map(then),
        labels.map((label) => now[label] ?? 0),
      ) ?? 0,
    ),
    shares: Object.fromEntries(
      labels.map((label) => [
        label,
        {
          now: rounded((now[label] ?? 0) / seen.length),
          baseline: rounded(all === 0 ? 0 : then(label) / all),
        },
      ]),
    ),
  };
}

function countClasses(seen: readonly Seen[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const [, , label] of seen) counts[label] = (counts[label] ?? 0) + 1;
  return counts;
}

function rounded(value: number): number {
  return Math.round(value * 1e4) / 1e4;
}
