/** What the view of the models says, and the drawing that it shares with reports and MLflow. */
import { describe, expect, it } from 'vitest';
import { driftLevel, evidence, modelSentence, sureness } from '../../src/dashboard/ui/model-sentence.js';
import { routeOf } from '../../src/dashboard/ui/routes.js';
import { columnChart } from '../../src/figures/column-chart.js';
import { confusionSvg } from '../../src/figures/confusion-svg.js';
import { figures, measured } from './fake-feed.js';

/** Of 400 posts 300 have a label: 225 right ones are 75 %. */
const matrix = [
  [60, 10, 5],
  [20, 75, 30],
  [5, 5, 90],
];
const noneLabelled = matrix.map((row) => row.map(() => 0));
const model = measured('m/1', 400, matrix);
const plain = (text: string) => text.replaceAll('\u00a0', ' ');
const say = (change: Parameters<typeof figures>[0], running = false) => {
  const all = figures({ posts: 400, labelled: 300, labels: '0/1/2', models: [model], ...change });
  const said = modelSentence(all, all.models[0], running);
  return { ...said, head: plain(said.head), detail: plain(said.detail) };
};

it('has an address of its own; what is unknown is the live page', () => {
  expect(routeOf('#model').title).toBe('Model');
  expect(routeOf('#nothing').title).toBe('Live');
});

describe('the sentence', () => {
  it('says how right the model is, by whom that is known, and what share they are', () => {
    const { tone, head, detail } = say({});
    expect([tone, head]).toEqual(['measured', 'Right on 75.0 % of the posts that bring a label.']);
    expect(detail).toContain('m/1, judged by 300 of the 400 posts it scored: coverage 75.0 %.');
    // (60/75 + 75/125 + 90/100) / 3
    expect(detail).toContain('76.7 % (macro recall)');
    expect(detail).not.toContain('few');
    expect(plain(evidence(measured('m/1', 0, noneLabelled)))).toContain('coverage 0.0 %');
  });

  it('warns of few labels', () => {
    const few = matrix.map((row) => row.map((posts) => posts / 5));
    expect(say({ models: [measured('m/1', 400, few)] }).detail).toContain('So few posts say little.');
  });

  it('without a label says how to get one, or another measure', () => {
    const none = measured('m/1', 400, noneLabelled);
    const said = say({ labelled: 0, labels: null, refused: 'No post brings a label along.', models: [none] });
    expect(said).toMatchObject({ tone: 'quiet', command: 'murmur model evaluate --data tweets.tsv' });
    expect(said.detail).toContain('400 posts');
    // Labels there are, but this model scored none of their posts.
    expect(say({ models: [none] }).head).toBe('No label says how right m/1 is.');
  });

  it('hands the reason on where labels are ambiguous', () => {
    const none = measured('m/1', 400, noneLabelled);
    const refused = 'The labels 0 and 1 could mean two things. Say in murmur.yaml what they mean (labels:).';
    expect(say({ labels: null, refused, models: [none] })).toMatchObject({
      tone: 'stopped',
      detail: refused,
    });
  });

  it('of an empty lake says what to do', () => {
    expect(say({ models: [], posts: 0 })).toMatchObject({ tone: 'stopped', command: 'murmur run' });
    expect(say({ models: [], posts: 0 }, true).command).toBeUndefined();
  });
});

it('a model that says more than it keeps is too sure', () => {
  expect(plain(sureness(model)!)).toBe(
    'It says 90.0 % and is right on 75.0 %: 15.0 points too sure. Bin by bin they are 15.0 points apart (ECE).',
  );
  expect(sureness(measured('m/1', 400, matrix, 0.7))).toContain('5.0 points too modest');
  expect(sureness(measured('m/1', 400, matrix, 0.75))).toContain('as sure as it is right');
  expect(sureness(measured('m/1', 400, noneLabelled))).toBeUndefined();
});

it('posts have moved from the limit on, whatever it is', () => {
  expect([0.05, 0.1, 0.25].map((psi) => driftLevel(psi, 0.25))).toEqual(['steady', 'moving', 'moved']);
  expect(driftLevel(0.1, 0.1)).toBe('moved');
});

describe('the drawings', () => {
  it('a matrix takes the colours that it is given, and no others', () => {
    const svg = confusionSvg(model.confusion, {
      palette: {
        ground: 'none',
        ink: 'var(--ink)',
        soft: 'var(--soft)',
        cell: (share) => `var(--cell-${Math.round(share * 100)})`,
        count: () => 'var(--count)',
        share: () => 'var(--share)',
      },
    });
    expect(svg).not.toMatch(/#[0-9a-f]{3}|rgb\(|style=/);
    expect(svg).toContain('var(--cell-80)');
    expect(svg.match(/stroke="var\(--ink\)"/g)).toHaveLength(3);
    expect(svg).not.toContain('predicted');
  });

  it('columns stand on the bottom, and what is too large is cut off', () => {
    expect(columnChart([1, null, 4], { width: 30, height: 10, gap: 2 }, 2)).toEqual([
      { x: 1, y: 5, width: 8, height: 5 },
      { x: 11, y: 10, width: 8, height: 0 },
      { x: 21, y: 0, width: 8, height: 10 },
    ]);
    expect(columnChart([0], { width: 3, height: 3, gap: 1 }, 0)[0]!.height).toBe(0);
  });
});
