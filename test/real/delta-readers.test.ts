/** The tables open elsewhere: Python's deltalake sees the same rows, schema and history, and skips files by our statistics. */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { murmur, murmurJson, sqlRows, temporaryFolder } from '../e2e/murmur.js';
import { pythonWith } from './setup/python.js';

interface Seen {
  tables: Record<
    string,
    {
      version: number;
      protocol: [number, number];
      schema: [string, string][];
      rows: Record<string, unknown>[];
      history: string[];
      files: number;
    }
  >;
  skipping: { all: number; kept: number; rows: number; expected: number };
}

const folder = temporaryFolder('murmur-readers-');
const lake = join(folder.dir, 'lake');
let seen: Seen;

beforeAll(async () => {
  const python = pythonWith('deltalake', ['deltalake==1.6.6', 'pyarrow']);
  await murmur(['init', lake, '--sample', '500']);
  // Several runs, so that there are several files, checkpoints and a tail behind them.
  for (let run = 0; run < 12; run++) {
    const day = String(run + 1).padStart(2, '0');
    const posts = [
      `hello @ann 😀 ${run}`,
      `a bad day, @bob &amp; @carl`,
      `no mention here ${'x'.repeat(60)}`,
    ].map((text, i) =>
      JSON.stringify({
        id_str: `9007199254740993${run}${i}`,
        text,
        user: 'eve',
        date: `2031-01-${day}T10:00:00Z`,
      }),
    );
    writeFileSync(join(lake, 'landing', `more-${run}.ndjson`), `${posts.join('\n')}\nno post at all\n`);
    const { code, stderr } = await murmur(['-C', lake, 'run', '--once']);
    expect(code, stderr).toBe(0);
  }
  const script = fileURLToPath(new URL('./read_tables.py', import.meta.url));
  seen = JSON.parse(
    execFileSync(python, [script, join(lake, 'tables')], { maxBuffer: 2 ** 28, encoding: 'utf8' }),
  );
});
afterAll(folder.remove);

describe.each(['bronze', 'silver', 'gold', 'application', 'quarantine', 'progress'])('%s', (name) => {
  it('has the same rows', async () => {
    const ours = await sqlRows(lake, `select * from ${name}`);
    expect(sorted(seen.tables[name]!.rows)).toEqual(sorted(ours));
  });

  it('has the same version and history', async () => {
    const { version } = await murmurJson<{ version: number }>(['-C', lake, 'table', 'count', name]);
    const history = await murmurJson<{ operation: string }[]>(['-C', lake, 'table', 'history', name]);
    expect(seen.tables[name]!.version).toBe(version);
    expect(seen.tables[name]!.history).toEqual(history.map(({ operation }) => operation));
  });

  it('has the same columns', async () => {
    const { columns } = await murmurJson<{ columns: { name: string; type: string }[] }>([
      '-C',
      lake,
      'table',
      'describe',
      name,
    ]);
    expect(seen.tables[name]!.schema).toEqual(columns.map((column) => [column.name, column.type]));
  });

  it('needs no more than the oldest protocol', () => {
    expect(seen.tables[name]!.protocol).toEqual([1, 2]);
  });
});

it('files are skipped by statistics, and no row with them', () => {
  const { all, kept, rows, expected } = seen.skipping;
  expect(kept).toBeLessThan(all);
  expect(rows).toBe(expected);
});

/** Rows as comparable texts: microseconds written out, integers as digits, key order fixed. */
function sorted(rows: Record<string, unknown>[]): string[] {
  return rows
    .map((row) =>
      JSON.stringify(
        Object.entries(row)
          .sort()
          .map(([k, v]) => [k, plain(v)]),
      ),
    )
    .sort();
}

function plain(value: unknown): unknown {
  const time = typeof value === 'string' && /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d+))?Z$/.exec(value);
  return time ? `${time[1]}.${(time[2] ?? '').padEnd(6, '0')}Z` : value;
}
