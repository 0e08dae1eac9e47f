import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Condition } from '../../src/delta/index.js';
import { conditionsOf, equalColumns } from '../../src/duck/conditions.js';
import { DuckDatabase, type DuckSession, quoteString } from '../../src/duck/index.js';
import { condition, schema } from '../table/plain-table.js';

let database: DuckDatabase;
let session: DuckSession;
beforeAll(async () => {
  database = await DuckDatabase.open({ threads: 1 });
  session = await database.connect();
});
afterAll(() => database.close());

const micros = 1_704_067_200_000_000n;

describe('conditions of a predicate', () => {
  it.each<[string, Condition[]]>([
    ['id = 5', [{ column: 'id', op: '=', value: 5 }]],
    ['5 < ID', [{ column: 'id', op: '>', value: 5 }]],
    ['9007199254740993 >= id', [{ column: 'id', op: '<=', value: 9007199254740993n }]],
    ['id = -1.5', [{ column: 'id', op: '=', value: -1.5 }]],
    [
      "k IN ('b', 'a') AND k IS NOT NULL",
      [
        { column: 'k', op: 'in', values: ['b', 'a'] },
        { column: 'k', op: 'is not null' },
      ],
    ],
    [
      "day BETWEEN DATE '2024-01-01' AND '2024-01-02'",
      [
        { column: 'day', op: '>=', value: '2024-01-01' },
        { column: 'day', op: '<=', value: '2024-01-02' },
      ],
    ],
    ["moment > TIMESTAMPTZ '2024-01-01'", [{ column: 'moment', op: '>', value: micros }]],
    ["moment > '2024-01-01T01:00:00+01:00'", [{ column: 'moment', op: '>', value: micros }]],
    ["moment > DATE '2024-01-01'", [{ column: 'moment', op: '>', value: micros }]],
    ['target.id = 1', [{ column: 'id', op: '=', value: 1 }]],
    ['id = 1 OR id = 2', []],
    ['NOT (id = 1)', []],
    ['source.id = 1', []],
    ['id + 1 = 2', []],
    ['id = x', []],
    ['nosuch = 1', []],
    ['id = ?', []],
    ["id = 1 -- ' a remark", [{ column: 'id', op: '=', value: 1 }]],
    ['this is no SQL', []],
  ])('%s', async (predicate, conditions) => {
    expect(await conditionsOf(session, predicate, schema, 'target')).toEqual(conditions);
  });

  it('are true of every row for which it is true', async () => {
    await session.run(`CREATE TEMP TABLE rows AS SELECT * FROM
      (SELECT unnest([NULL, 0, 1, 3, 4, 5, 9, 9007199254740993])::BIGINT AS id),
      (SELECT unnest([NULL, 'a', 'b', 'é/%', '😀']) AS k),
      (SELECT unnest([NULL, -1.5, 0.1, 2, 'nan'::DOUBLE])::DOUBLE AS x),
      (SELECT unnest([NULL, '2024-01-01', '2024-01-04', '2024-01-09'])::DATE AS day),
      (SELECT unnest([NULL, '2024-01-01', '2024-01-01 00:00:00.003335', '2024-01-02'])::TIMESTAMPTZ AS moment)`);
    await fc.assert(
      fc.asyncProperty(condition, async (predicate) => {
        const conditions = await conditionsOf(session, predicate, schema);
        const all = ['true', ...conditions.map(sqlOf)].join(' AND ');
        const lost = `SELECT count(*) FROM rows WHERE (${predicate}) AND (${all}) IS NOT TRUE`;
        expect(await session.scalar(lost)).toBe(0);
      }),
      { numRuns: 300 },
    );
  });

  it('of a join tell which columns are equal', async () => {
    const on = 'target.id = source.key AND source.k = target.k AND target.x < source.x AND id = key';
    expect(await equalColumns(session, on, ['target', 'source'])).toEqual([
      ['id', 'key'],
      ['k', 'k'],
    ]);
    expect(await equalColumns(session, `${on} OR true`, ['target', 'source'])).toEqual([]);
  });
});

function sqlOf(c: Condition): string {
  if (c.op === 'is null' || c.op === 'is not null') return `${c.column} ${c.op}`;
  const column = c.column === 'moment' ? 'epoch_us(moment)' : c.column;
  const text = (value: string | number | bigint | boolean) =>
    typeof value === 'string' ? quoteString(value) : String(value);
  return c.op === 'in'
    ? `${column} IN (${c.values.map(text).join(', ')})`
    : `${column} ${c.op} ${text(c.value)}`;
}
