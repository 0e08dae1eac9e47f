import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DuckDatabase, type DuckSession } from '../../src/duck/index.js';
import { compilePlan, type Step } from '../../src/engine/embedded/compile.js';
import { batchTime, call, col, lit, type Node, sql } from '../../src/engine/plan.js';
import { fansOut, planInput } from '../../src/engine/plan-reading.js';

let database: DuckDatabase;
let session: DuckSession;
beforeAll(async () => {
  database = await DuckDatabase.open();
  session = await database.connect();
});
afterAll(() => database.close());

const noon = Date.UTC(2024, 0, 2, 12);
const read: Node = { op: 'read', from: 'landing' };
const append = { op: 'append', table: 'x' } as const;
const compile = (node: Node, columns: string[]) => compilePlan({ node, sink: append }, columns);

function select(step: Step | undefined): (from: string, batchTimeMs: number) => string {
  if (step?.kind === 'select' || step?.kind === 'aggregate') return step.select;
  throw new Error(`no select but ${step?.kind}`);
}

/** The rows of a one-step plan over a VALUES list with hidden columns. */
async function rowsOf(node: Node, columns: string[], values: string, visible: string): Promise<unknown[]> {
  const { steps } = compile(node, columns);
  expect(steps).toHaveLength(1);
  const from = `(VALUES ${values}) AS input(__ord, __part, ${columns.map((c) => `"${c}"`).join(', ')})`;
  return session.rows(`SELECT ${visible} FROM (${select(steps[0])(from, noon)})`);
}

describe('expressions', () => {
  it('become columns by the names of the plan, quoted letter for letter', async () => {
    const node: Node = {
      op: 'project',
      input: read,
      columns: {
        'a "b"': col('user'),
        "it's": lit("o'clock", 'string'),
        none: lit(null, 'long'),
        yes: lit(true, 'boolean'),
        first: call('coalesce', col('maybe'), lit('x', 'string')),
        low: call('lower', col('user')),
        at: batchTime,
        long: sql('length("user") -- a comment'),
      },
    };
    expect(await rowsOf(node, ['user', 'maybe'], "(0, 0, 'ÀB', NULL)", '* EXCLUDE (__ord, __part)')).toEqual([
      {
        'a "b"': 'ÀB',
        "it's": "o'clock",
        none: null,
        yes: true,
        first: 'x',
        low: 'àb',
        at: '2024-01-02T12:00:00Z',
        long: 2,
      },
    ]);
  });
});

describe('explode', () => {
  const node: Node = { op: 'explode', input: read, column: 'tags', as: 'tag' };

  it('gives a row an element, and keeps posts with an empty list or none', async () => {
    const values = "(0, 0, 'a', ['x', 'y', 'x']), (1, 0, 'b', []), (2, 0, 'c', NULL)";
    expect(await rowsOf(node, ['id', 'tags'], values, '__ord, id, tag')).toEqual([
      { __ord: 0, id: 'a', tag: 'x' },
      { __ord: 0, id: 'a', tag: 'y' },
      { __ord: 0, id: 'a', tag: 'x' },
      { __ord: 1, id: 'b', tag: null },
      { __ord: 2, id: 'c', tag: null },
    ]);
  });

  it('numbers the parts of a post so that their order can be restored', async () => {
    const values = "(0, 0, ['x', 'y']), (0, 1, ['z'])";
    const rows = (await rowsOf(node, ['tags'], values, '__part, tag')) as { __part: number; tag: string }[];
    expect(rows.sort((a, b) => a.__part - b.__part).map((r) => r.tag)).toEqual(['x', 'y', 'z']);
  });
});

it('aggregates by null-safe keys', async () => {
  const node: Node = {
    op: 'aggregate',
    input: read,
    keys: ['k'],
    measures: {
      n: { fn: 'count' },
      good: { fn: 'count_if', when: sql('v > 1') },
      least: { fn: 'min', of: col('v') },
      most: { fn: 'max', of: col('v') },
    },
  };
  const rows = await rowsOf(
    node,
    ['k', 'v'],
    "(0, 0, 'a', 1), (1, 0, NULL, 5), (2, 0, NULL, 0), (3, 0, 'a', NULL)",
    '*',
  );
  expect(rows).toHaveLength(2);
  expect(rows).toContainEqual({ k: null, n: 2, good: 1, least: 0, most: 5 });
  expect(rows).toContainEqual({ k: 'a', n: 2, good: 0, least: 1, most: 1 });
});

describe('the cuts', () => {
  const filter = (input: Node, counts: 'dropped' | 'superseded'): Node => ({
    op: 'filter',
    input,
    where: sql('id > 0'),
    counts,
  });
  const project = (input: Node): Node => ({
    op: 'project',
    input,
    columns: { id: col('id'), text: col('text') },
  });

  it('stand at expect and score; the nodes between are one select', () => {
    const node = project({
      op: 'score',
      column: 'text',
      input: { op: 'expect', input: project(project(filter(read, 'superseded'))) },
    });
    const { steps, columns } = compile(node, ['id', 'text', 'more']);
    expect(steps.map((s) => s.kind)).toEqual(['select', 'expect', 'score', 'select']);
    expect(steps[0]).toMatchObject({ loses: 'superseded', columns: ['id', 'text'] });
    expect(steps[2]!.columns).toEqual([
      'id',
      'text',
      'predicted_score',
      'predicted_sentiment',
      'model',
      'scored_at',
    ]);
    expect(columns).toEqual(['id', 'text']);
  });

  it('keep two filters apart, so that each loss has its own cause', () => {
    const { steps } = compile(filter(filter(read, 'superseded'), 'dropped'), ['id', 'text']);
    expect(steps).toMatchObject([
      { kind: 'select', loses: 'superseded' },
      { kind: 'select', loses: 'dropped' },
    ]);
  });

  it('are the same text for the same plan and time', () => {
    const node: Node = { op: 'project', input: read, columns: { at: batchTime, id: col('id') } };
    const text = () => select(compile(node, ['id']).steps[0])('t', noon);
    expect(text()).toBe(text());
    expect(text()).toContain("TIMESTAMPTZ '2024-01-02 12:00:00.000+00'");
  });
});

it('knows where a plan reads and whether its posts fan out', () => {
  const exploding: Node = { op: 'explode', input: { op: 'read', from: 'bronze' }, column: 'm', as: 'm' };
  expect(planInput({ node: exploding, sink: append })).toBe('bronze');
  expect(fansOut({ node: exploding, sink: append })).toBe(true);
  expect(fansOut({ node: read, sink: append })).toBe(false);
});

it.each<[string, Node]>([
  ['a column that is not there', { op: 'explode', input: read, column: 'nope', as: 'x' }],
  [
    'rows behind an aggregate',
    { op: 'expect', input: { op: 'aggregate', input: read, keys: ['id'], measures: {} } },
  ],
])('refuses %s', (_, node) => {
  expect(() => compile(node, ['id'])).toThrow(expect.objectContaining({ code: 'engine.plan_invalid' }));
});
