/** What Spark says of a stream that failed, in our words. */
import { describe, expect, it } from 'vitest';
import { MurmurError } from '../../../src/base/errors.js';
import { SparkException } from '../../../src/engine/spark/connect/spark-exception.js';
import { raiseSql } from '../../../src/engine/spark/sql/failed-rule.js';
import { streamFault } from '../../../src/engine/spark/stream-fault.js';

function failed(innermost: string, errorClass = 'USER_RAISED_EXCEPTION'): MurmurError {
  const raised = new SparkException(innermost, { classes: ['RuntimeException'], errorClass });
  const stream = new SparkException('[STREAM_FAILED] Query terminated', { classes: [], cause: raised });
  return new MurmurError('spark.failed', 'running silver', { fault: 'external', cause: stream });
}

describe('a stream that failed', () => {
  it('by a rule names rule, post and place, and is for the user to mend', () => {
    const told = (json: object) =>
      failed(`[USER_RAISED_EXCEPTION] murmur.rule_failed ${JSON.stringify(json)} SQLSTATE: P0001`);
    const known = { rule: 'no {x}', stream: 'bronze', reason: "not true: a <> '}'", post_id: '42' };
    expect(streamFault('bronze', told({ ...known, source_file: 'a.ndjson', position: 7 }))).toMatchObject({
      code: 'engine.rule_failed',
      fault: 'user',
      message: `rule "no {x}" (bronze): not true: a <> '}', first in post 42 (a.ndjson:7)`,
      context: { rule: 'no {x}', stream: 'bronze', posts: 1 },
    });
    expect(streamFault('silver', told(known)).message).toMatch(/first in post 42$/);
  });

  it('since rows of its input went away is to be made anew', () => {
    const deleted = failed('Detected deleted data', 'DELTA_SOURCE_IGNORE_DELETE');
    expect(streamFault('gold', deleted)).toMatchObject({
      code: 'delta.unexpected_change',
      fault: 'user',
      fix: expect.stringContaining('murmur rebuild gold'),
    });
  });

  it('by an error that a rule of the user raises is not taken for that', () => {
    expect(streamFault('silver', failed('[USER_RAISED_EXCEPTION] no'))).toMatchObject({
      code: 'spark.failed',
      message: 'silver: [USER_RAISED_EXCEPTION] no',
    });
  });
});

it('a checkpoint of another plan of sources is refused with its remedy', () => {
  const told =
    'assertion failed: There are [1] sources in the checkpoint offsets and now there are [2] sources requested by the query. Cannot continue.';
  expect(streamFault('bronze', failed(told))).toMatchObject({
    code: 'engine.checkpoint_mismatch',
    fault: 'user',
    message: expect.stringContaining('read from 1 sources, this one reads from 2'),
    fix: expect.stringContaining('murmur rebuild bronze'),
  });
});

it('a rule is raised with its text as a constant', () => {
  const sql = raiseSql('silver', { kind: 'row', name: "it's", rule: "a = 'b'", action: 'fail' });
  expect(sql).toContain("'murmur.rule_failed '");
  expect(sql).toContain("'it\\'s' AS rule");
  expect(sql).toContain("'not true: a = \\'b\\'' AS reason");
});
