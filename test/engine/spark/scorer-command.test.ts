/** What travels to Spark's Python workers to score there. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { packageRoot } from '../../../src/base/package-root.js';
import { type ScorerCommandOptions, scorerCommand } from '../../../src/engine/spark/scorer/scorer-command.js';
import { column } from '../../../src/schema/column-types.js';
import { callsOf } from './unpickled.js';

const model = { id: 'tweets/1', digest: 'd'.repeat(64) };
const columns = [column('post_id', 'string'), column('text', 'string'), column('scored_at', 'timestamp')];

function make(more: Partial<ScorerCommandOptions> = {}) {
  return scorerCommand({ bundle: { path: '/models/a' }, model, columns, text: 'text', ...more });
}

const shipped = (path: string) => readFileSync(join(packageRoot(), 'models', path), 'utf8');

describe('the command of a scorer', () => {
  it('makes a module of the two sources, once a process, and asks it for the function', async () => {
    const [make_, ask, ...more] = callsOf((await make()).command);
    expect(more).toEqual([]);
    expect(make_!.fn).toBe('builtins.exec');
    const [bootstrap, names] = make_!.args as [string, { name: string; sources: object }];
    expect(bootstrap).toContain('if name not in sys.modules');
    expect(Object.entries(names.sources)).toEqual([
      ['murmur_pyfunc.py', shipped('pyfunc/murmur_pyfunc.py')],
      ['murmur_spark.py', shipped('spark/murmur_spark.py')],
    ]);
    expect(names.name).toMatch(/^murmur_[0-9a-f]{16}$/);
    expect(ask!.fn).toBe(`${names.name}.command`);
    expect(JSON.parse(ask!.args[0] as string)).toEqual({
      bundle: { path: '/models/a' },
      model,
      columns: ['post_id', 'text', 'scored_at'],
      text: 'text',
      worker: false,
    });
  });

  it('carries whatever is asked for as data, never as code', async () => {
    const nasty = '/a\'"\\\n); import os # \u{1f600}ü`.';
    const [first, second] = callsOf((await make({ bundle: { path: nasty } })).command);
    expect(first).toEqual(callsOf((await make()).command)[0]);
    expect(JSON.parse(second!.args[0] as string).bundle).toEqual({ path: nasty });
  });

  it('names the columns of its result in DDL', async () => {
    const ddl =
      '`post_id` string, `text` string, `scored_at` timestamp, `predicted_score` double, `predicted_sentiment` string, `model` string';
    expect((await make()).ddl.toLowerCase()).toBe(ddl);
    const { ddl: longer } = await make({ worker: true });
    expect(longer.toLowerCase()).toBe(`${ddl}, \`worker\` string, \`loads\` bigint`);
  });

  it('is refused without the text or the time of the batch', async () => {
    await expect(make({ text: 'tweet' })).rejects.toMatchObject({ code: 'spark.scorer_columns' });
    await expect(make({ columns: columns.slice(0, 2) })).rejects.toMatchObject({
      code: 'spark.scorer_columns',
    });
  });
});
