import { describe, expect, it } from 'vitest';
import { travel } from '../../src/lake/as-of.js';

describe('time travel in SQL text', () => {
  it.each([
    ['select * from gold VERSION AS OF 3', 'select * from "@3".gold', ['gold', '@3']],
    ['select * from gold for version as of 12 g', 'select * from "@12".gold g', ['gold', '@12']],
    ['from gold AT (VERSION => 0) where true', 'from "@0".gold where true', ['gold', '@0']],
    ['from "gold" at(version=>7)', 'from "@7"."gold"', ['gold', '@7']],
    ["from gold TIMESTAMP AS OF '2026-11-21'", 'from "@2026-11-21".gold', ['gold', '@2026-11-21']],
    ["from gold AT (TIMESTAMP => '2026') a", 'from "@2026".gold a', ['gold', '@2026']],
    ['from gold /* now */ version -- that\n as of 5', 'from "@5".gold', ['gold', '@5']],
  ])('%s', (sql, text, [table, schema]) => {
    const travelled = travel(sql);
    expect(travelled.text).toBe(text);
    expect(travelled.reads).toMatchObject([{ table, schema }]);
  });

  it('two versions of one table in one query', () => {
    const { text, reads } = travel(
      'select * from gold version as of 2 a except select * from gold version as of 1 b',
    );
    expect(text).toBe('select * from "@2".gold a except select * from "@1".gold b');
    expect(reads.map(({ at }) => at)).toEqual([{ version: 2 }, { version: 1 }]);
  });

  it.each([
    "select 'gold version as of 3'",
    'select "gold version as of 3" from t',
    '-- gold version as of 3\nselect 1',
    '/* gold version as of 3 */ select 1',
    'select $$gold version as of 3$$',
    'select version as of from t',
    'select gold version from t',
    'select a at (version) from t',
    "select 'it''s' || x from t",
  ])('leaves alone: %s', (sql) => expect(travel(sql)).toMatchObject({ text: sql, reads: [] }));

  it('knows the names that a text may mean', () => {
    const { names } = travel(`select g.text, 'silver' from Gold g join "application" -- bronze`);
    expect([...names]).toEqual(['select', 'g', 'text', 'from', 'Gold', 'join', 'application']);
  });
});
