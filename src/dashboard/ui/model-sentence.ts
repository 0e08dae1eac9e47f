/** How right a model is, as one sentence: the first thing its view says. */
import type { ModelFigures, ModelQuality } from '../messages.js';
import { count, measure } from './format.js';

export interface ModelSentence {
  tone: 'measured' | 'quiet' | 'stopped';
  head: string;
  detail: string;
  /** What to type in a terminal, when that is the way on. */
  command?: string;
}

/** From fewer labelled posts a measure says little: the next hundred may well change it by some points. */
const fewPosts = 200;

/** @param model the one that is looked at; undefined where nothing has been scored */
export function modelSentence(
  { labelled, refused }: ModelFigures,
  model: ModelQuality | undefined,
  running: boolean,
): ModelSentence {
  if (model === undefined) {
    const head = 'No post has been scored yet.';
    if (running) return { tone: 'quiet', head, detail: 'The first ones show here by themselves.' };
    return {
      tone: 'stopped',
      head,
      detail: 'Posts are scored while the pipeline runs:',
      command: 'murmur run',
    };
  }
  if (labelled === 0) {
    return {
      tone: 'quiet',
      head: 'How right it is, no label says.',
      detail: `None of the ${count(model.posts)} posts that ${model.model} scored brings one along. Posts with a column "sentiment" do; or judge it by a file of labelled texts:`,
      command: 'murmur model evaluate --data tweets.tsv',
    };
  }
  if (refused !== null) {
    return {
      tone: 'stopped',
      head: 'Nothing is measured yet.',
      detail: refused,
    };
  }
  if (model.accuracy === null) {
    return {
      tone: 'quiet',
      head: `No label says how right ${model.model} is.`,
      detail: `None of the ${count(model.posts)} posts that it scored brings a label along that means something.`,
    };
  }
  return {
    tone: 'measured',
    head: `Right on ${measure(model.accuracy)} of the posts that bring a label.`,
    detail: [
      `${model.model}, judged by ${evidence(model)}.`,
      `Each class counted alike, it finds ${measure(model.macro_recall)} (macro recall).`,
      model.evaluated < fewPosts ? 'So few posts say little.' : '',
    ]
      .filter(Boolean)
      .join(' '),
  };
}

/** `1,203 of the 2,000 posts it scored: coverage 60.2 %`. */
export function evidence({ evaluated, posts, coverage }: ModelQuality): string {
  return `${count(evaluated)} of the ${count(posts)} posts it scored: coverage ${measure(coverage)}`;
}

/** Whether a model is as sure as it is right, in words; undefined where nothing is measured. */
export function sureness({ calibration: { ece, bins }, accuracy }: ModelQuality): string | undefined {
  if (ece === null || accuracy === null) return undefined;
  const rows = bins.reduce((sum, bin) => sum + bin.rows, 0);
  const says = bins.reduce((sum, bin) => sum + (bin.confidence ?? 0) * bin.rows, 0) / rows;
  const points = Math.abs(says - accuracy) * 100;
  const verdict =
    points < 1
      ? 'as sure as it is right'
      : `${points.toFixed(1)} points ${says > accuracy ? 'too sure' : 'too modest'}`;
  return `It says ${measure(says)} and is right on ${measure(accuracy)}: ${verdict}. Bin by bin they are ${(ece * 100).toFixed(1)} points apart (ECE).`;
}

export type DriftLevel = 'steady' | 'moving' | 'moved';

/** Below four tenths of the limit (0.1 of the usual 0.25) an index is taken for chance. */
export function driftLevel(psi: number, limit: number): DriftLevel {
  return psi >= limit ? 'moved' : psi >= limit * 0.4 ? 'moving' : 'steady';
}
