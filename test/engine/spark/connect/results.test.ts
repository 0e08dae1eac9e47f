import { afterEach, describe, expect, it } from 'vitest';
import { type Observations, sqlRelation } from '../../../../src/engine/spark/connect/index.js';
import {
  type Act,
  arrow,
  batch,
  complete,
  cut,
  type FakeSpark,
  type Response,
  startFakeSpark,
} from './fake-spark.js';

const query = sqlRelation('SELECT id FROM t');
let fake: FakeSpark;
afterEach(() => fake.close());

async function rowsOf(...acts: Act[]): Promise<number[]> {
  fake = await startFakeSpark(acts);
  const { session } = await fake.connect();
  return (await session.rows(query)).map(({ id }) => Number(id));
}

/** One batch in `pieces` responses. */
function chunks(ids: readonly number[], pieces: number): Response[] {
  const whole = arrow(ids);
  const size = Math.ceil(whole.length / pieces);
  return Array.from({ length: pieces }, (_, i) => ({
    responseId: `piece-${i}`,
    responseType: {
      case: 'arrowBatch',
      value: {
        rowCount: BigInt(ids.length),
        data: whole.slice(i * size, (i + 1) * size),
        startOffset: 0n,
        chunkIndex: BigInt(i),
        numChunksInBatch: BigInt(pieces),
      },
    },
  }));
}

describe('results', () => {
  it('in pieces are put together before they are read', async () => {
    expect(await rowsOf([...chunks([1, 2, 3], 4), complete])).toEqual([1, 2, 3]);
  });

  it('cut between two pieces of a batch go on with the next piece', async () => {
    const [a, b, c] = chunks([1, 2, 3], 3);
    expect(await rowsOf([a!, cut], [b!, c!, complete])).toEqual([1, 2, 3]);
    expect(fake.reattached[0]!.lastResponseId).toBe('piece-0');
  });

  it.each([
    [
      'a gap between batches',
      [batch('a', [1, 2], { startOffset: 0n }), batch('b', [9], { startOffset: 5n }), complete],
    ],
    ['a batch that comes twice', [batch('a', [1]), batch('b', [1], { startOffset: 0n }), complete]],
    ['a missing piece', [chunks([1, 2], 3)[0]!, chunks([1, 2], 3)[2]!, complete]],
    ['a missing last piece', [chunks([1, 2], 3)[0]!, chunks([1, 2], 3)[1]!, complete]],
    ['a first piece that is not the first', [chunks([1, 2], 3)[1]!, complete]],
    [
      'fewer rows than announced',
      [{ responseType: { case: 'arrowBatch', value: { rowCount: 3n, data: arrow([1]) } } }, complete],
    ],
  ] satisfies [string, Act][])('with %s are an error', async (_, act) => {
    await expect(rowsOf(act)).rejects.toMatchObject({ code: 'spark.rows_lost', fault: 'external' });
  });

  it('that a command brought along are read without another call', async () => {
    const relation = { relType: { case: 'localRelation' as const, value: { data: arrow([7]) } } };
    fake = await startFakeSpark([
      [{ responseId: 'a', responseType: { case: 'sqlCommandResult', value: { relation } } }, complete],
    ]);
    const { session } = await fake.connect();
    expect(await session.rows('SHOW TABLES')).toEqual([{ id: 7n }]);
    expect(fake.executed).toHaveLength(1);
  });

  it('come with what was observed', async () => {
    const literal = (value: object) => ({ literalType: value }) as never;
    const observedMetrics = [
      {
        name: 'seen',
        keys: ['rows', 'last', 'share', 'none', 'day', 'money'],
        values: [
          literal({ case: 'long', value: 2n }),
          literal({ case: 'timestamp', value: 1_234_567n }),
          literal({ case: 'double', value: 0.5 }),
          literal({ case: 'null', value: {} }),
          literal({ case: 'date', value: -1 }),
          literal({ case: 'decimal', value: { value: '1.50' } }),
        ],
      },
    ];
    fake = await startFakeSpark([[batch('a', [1, 2]), { responseId: 'b', observedMetrics }, complete]]);
    const { session } = await fake.connect();
    const observed: Observations = new Map();
    for await (const rows of session.batches(query, {}, observed)) expect(rows).toHaveLength(2);
    expect(observed.get('seen')).toEqual({
      rows: 2n,
      last: 1_234_567n,
      share: 0.5,
      none: null,
      day: '1969-12-31',
      money: '1.50',
    });
  });
});
