/** Each rule finds what it is for, proposes what would mend it, and is silent about a lake in good order. */
import { describe, expect, it } from 'vitest';
import type { Signals, StageSignal } from '../../../src/engine/signals.js';
import { distinctRemedies, type Finding, type Problem } from '../../../src/operate/tune/finding.js';
import { findProblems } from '../../../src/operate/tune/tune.js';
import {
  goodConf,
  goodEmbedded,
  goodPython,
  goodSpark,
  goodStage,
  goodStream,
  goodTable,
} from './signals.js';

const mib = 2 ** 20;

/** The one problem of the signals. */
function only(signals: Signals, problem: Problem): Finding {
  const findings = findProblems(signals);
  expect(findings.map((finding) => finding.problem)).toEqual([problem]);
  return findings[0]!;
}

/** Old and new value by setting, or what else a remedy says. */
function remedies(finding: Finding): Record<string, unknown> {
  return Object.fromEntries(
    finding.remedies.map((remedy) => {
      if (remedy.kind === 'optimize') return [`optimize ${remedy.table}`, remedy.zOrderBy];
      if (remedy.kind === 'server') return [remedy.key, 'server'];
      return [remedy.path.at(-1), [remedy.from, remedy.to]];
    }),
  );
}

function value(finding: Finding, what: string): number | undefined {
  return finding.seen.find((each) => each.what.includes(what))?.value;
}

const withStage = (changes: Partial<StageSignal>, conf = goodConf()) =>
  goodSpark({ stages: [goodStage(), goodStage({ work: 'application', ...changes })], conf });

describe('a lake in good order', () => {
  it('has no finding, whichever engine runs it', () => {
    expect(findProblems(goodEmbedded())).toEqual([]);
    expect(findProblems(goodSpark())).toEqual([]);
  });

  it('has none either where nothing could be seen, or nothing has run yet', () => {
    const blind = { streams: [], tables: [], hottest: undefined, stages: undefined, python: undefined };
    expect(findProblems(goodSpark({ ...blind, cores: undefined, conf: new Map() }))).toEqual([]);
    expect(findProblems(goodEmbedded({ ...blind, scoring: undefined }))).toEqual([]);
    const empty = { tasks: 0, runMs: 0, taskMs: { median: 0, max: 0 }, shuffleReadBytes: 0 };
    expect(findProblems(withStage(empty))).toEqual([]);
    expect(
      findProblems(goodEmbedded({ tables: [goodTable('gold', { files: 0, smallFiles: 0, smallBytes: 0 })] })),
    ).toEqual([]);
  });

  it('may be small: short tasks, short batches and few files are no fault', () => {
    const brief = goodStage({ tasks: 8, runMs: 80, taskMs: { median: 2, max: 60 }, shuffleReadBytes: 9_000 });
    expect(findProblems(goodSpark({ stages: [brief, brief] }))).toEqual([]);
    const few = goodStream('bronze', {
      batches: 5,
      full: 5,
      limits: { posts: 10, files: 1 },
      posts: 90,
      workMs: 1,
    });
    expect(findProblems(goodEmbedded({ streams: [few] }))).toEqual([]);
    const tiny = goodTable('silver', { files: 99, smallFiles: 99, bytes: 99_000, smallBytes: 99_000 });
    expect(findProblems(goodEmbedded({ tables: [tiny] }))).toEqual([]);
  });
});

describe('spill', () => {
  const spilled = {
    diskSpilledBytes: 18 * mib,
    memorySpilledBytes: 760 * mib,
    peakMemoryBytes: 190 * mib,
    shuffleReadBytes: 400 * mib,
    taskSpilledBytes: { median: 4 * mib, max: 6 * mib },
  };

  it('asks for so many partitions that their rows fit, and keeps Spark from joining them again', () => {
    const found = only(withStage(spilled), 'spill');
    expect(found.where).toBe('application');
    expect([value(found, 'in memory'), value(found, 'on disk')]).toEqual([760 * mib, 18 * mib]);
    // 4 tasks held a fifth of their rows: 4 · 5 · 1.5.
    expect(remedies(found)).toMatchObject({
      'spark.sql.shuffle.partitions': ['8', '32'],
      'spark.sql.adaptive.advisoryPartitionSizeInBytes': [null, '12m'],
    });
  });

  it('gives a threshold back that makes Spark spill long before memory is full', () => {
    const key = 'spark.sql.windowExec.buffer.spill.threshold';
    const found = only(withStage(spilled, goodConf({ [key]: '1000' })), 'spill');
    expect(remedies(found)).toEqual({ [key]: ['1000', '2147483647'] });
  });

  it('of one task alone is a matter of memory, which a session cannot set', () => {
    const found = only(withStage({ ...spilled, taskSpilledBytes: { median: 0, max: 18 * mib } }), 'spill');
    expect(Object.values(remedies(found))).toEqual(['server']);
  });

  it('of a few rows, or that never left memory, is none', () => {
    expect(findProblems(withStage({ ...spilled, memorySpilledBytes: 64 * mib }))).toEqual([]);
    expect(findProblems(withStage({ ...spilled, diskSpilledBytes: 0 }))).toEqual([]);
  });
});

describe('skew', () => {
  const skewed = {
    tasks: 8,
    taskMs: { median: 900, max: 25_600 },
    taskReadBytes: { median: mib, max: 34 * mib },
  };

  it('has a task that reads and lasts much longer than the others; a small side is broadcast again', () => {
    const conf = goodConf({
      'spark.sql.autoBroadcastJoinThreshold': '-1',
      'spark.sql.adaptive.skewJoin.enabled': 'false',
    });
    const found = only(withStage(skewed, conf), 'skew');
    expect(value(found, 'longest task against')).toBeCloseTo(28.4, 1);
    expect(remedies(found)).toEqual({
      'spark.sql.autoBroadcastJoinThreshold': ['-1', '10485760'],
      'spark.sql.adaptive.skewJoin.enabled': ['false', 'true'],
    });
  });

  it('is told also where no setting mends it', () => {
    const found = only(withStage(skewed), 'skew');
    expect(found.remedies).toEqual([]);
    expect(found.advice).toContain('salting');
  });

  it.each([
    ['a task that only lasted longer', { taskReadBytes: { median: 30 * mib, max: 34 * mib } }],
    ['one that only read more', { taskMs: { median: 2_000, max: 2_600 } }],
    ['one that was short', { taskMs: { median: 10, max: 900 } }],
    ['a stage of two tasks', { tasks: 2 }],
  ])('is not %s', (_, changes) => {
    expect(findProblems(withStage({ ...skewed, ...changes }))).toEqual([]);
  });

  it('of mentions asks for Z-order, once, in a table of some size', () => {
    const hottest = { mention: 'ann', rows: 60_000, allRows: 100_000 };
    const found = only(goodEmbedded({ hottest }), 'skew');
    expect(remedies(found)).toEqual({ 'optimize gold': ['mention', 'timestamp'] });
    const ordered = goodTable('gold', { zOrderBy: ['mention', 'timestamp'] });
    expect(findProblems(goodEmbedded({ hottest, tables: [ordered] }))).toEqual([]);
    expect(findProblems(goodEmbedded({ hottest, tables: [goodTable('gold', { bytes: mib })] }))).toEqual([]);
    expect(findProblems(goodEmbedded({ hottest: { ...hottest, rows: 40_000 } }))).toEqual([]);
  });
});

describe('shuffle', () => {
  const tiny = { tasks: 400, taskMs: { median: 9, max: 40 }, shuffleReadBytes: 3 * mib, runMs: 4_000 };

  it('in hundreds of tiny tasks gets a small multiple of the cores', () => {
    const conf = goodConf({
      'spark.sql.shuffle.partitions': '400',
      'spark.sql.adaptive.coalescePartitions.enabled': 'false',
    });
    const found = only(withStage(tiny, conf), 'shuffle');
    expect([value(found, 'tasks behind'), value(found, 'cores'), value(found, 'median')]).toEqual([
      400, 4, 9,
    ]);
    expect(remedies(found)).toEqual({
      'spark.sql.shuffle.partitions': ['400', '8'],
      'spark.sql.adaptive.coalescePartitions.enabled': ['false', 'true'],
    });
  });

  it('of the state of a table has a setting of its own', () => {
    const conf = goodConf({ 'spark.databricks.delta.snapshotPartitions': '50' });
    const found = only(withStage({ ...tiny, tasks: 50 }, conf), 'shuffle');
    expect(remedies(found)).toEqual({ 'spark.databricks.delta.snapshotPartitions': ['50', '4'] });
  });

  it.each([
    ['many tasks with much to do', { taskMs: { median: 900, max: 1_200 } }],
    ['many tasks with much to read', { shuffleReadBytes: 4_000 * mib }],
    ['tasks that no setting made', {}],
  ])('is not %s', (_, changes) => {
    const conf =
      Object.keys(changes).length === 0 ? goodConf() : goodConf({ 'spark.sql.shuffle.partitions': '400' });
    expect(findProblems(withStage({ ...tiny, ...changes }, conf))).toEqual([]);
  });

  it('in fewer pieces than cores gets more', () => {
    const few = { tasks: 2, shuffleReadBytes: 2_000 * mib };
    const conf = goodConf({ 'spark.sql.shuffle.partitions': '2' });
    expect(remedies(only(withStage(few, conf), 'shuffle'))).toEqual({
      'spark.sql.shuffle.partitions': ['2', '8'],
    });
    expect(findProblems(withStage(few))).toEqual([]);
  });

  it('that waits for the network is told', () => {
    const found = only(withStage({ runMs: 10_000, fetchWaitMs: 4_000 }), 'shuffle');
    expect(value(found, 'waited for rows')).toBe(0.4);
  });
});

describe('storage', () => {
  const scattered = goodTable('silver', { files: 1_900, smallFiles: 1_840, smallBytes: 8 * mib });

  it('in many small files is joined, and joining is switched on', () => {
    const signals = goodEmbedded({ tables: [goodTable('gold'), scattered], joiningEffort: 0 });
    const found = only(signals, 'storage');
    expect(found.where).toBe('silver');
    expect(value(found, 'small files')).toBe(1_840);
    expect(remedies(found)).toEqual({ 'optimize silver': [], effort: [0, '10%'] });
    expect(remedies(only(goodEmbedded({ tables: [scattered] }), 'storage'))).toEqual({
      'optimize silver': [],
    });
  });

  it('on a cluster is joined by the writes again', () => {
    const conf = goodConf({ 'spark.databricks.delta.autoCompact.enabled': 'false' });
    expect(remedies(only(goodSpark({ tables: [scattered], conf }), 'storage'))).toEqual({
      'optimize silver': [],
      'spark.databricks.delta.autoCompact.enabled': ['false', 'true'],
    });
  });

  it('is no problem where joining would gain little', () => {
    const halves = goodTable('bronze', { files: 400, smallFiles: 200, smallBytes: 200 * 30 * mib });
    expect(findProblems(goodEmbedded({ tables: [halves] }))).toEqual([]);
  });

  it('of two tables has one cause', () => {
    const findings = findProblems(
      goodEmbedded({ tables: [scattered, { ...scattered, table: 'gold' }], joiningEffort: 0 }),
    );
    expect(distinctRemedies(findings)).toHaveLength(3);
  });
});

describe('serialization', () => {
  const key = 'spark.sql.execution.arrow.maxRecordsPerBatch';

  it('in tiny Arrow batches gets larger ones', () => {
    const found = only(goodSpark({ conf: goodConf({ [key]: '3' }) }), 'serialization');
    expect(found.where).toBe('gold');
    expect(value(found, 'Arrow batch')).toBe(3);
    expect(remedies(found)).toEqual({ [key]: ['3', '2000'] });
  });

  it.each([
    ['no end', '0'],
    ['enough rows', '500'],
  ])('with batches of %s is well', (_, records) => {
    expect(findProblems(goodSpark({ conf: goodConf({ [key]: records }) }))).toEqual([]);
  });

  it('that takes no time is not told', () => {
    const python = [goodPython({ runMs: 900 })];
    expect(findProblems(goodSpark({ python, conf: goodConf({ [key]: '3' }) }))).toEqual([]);
  });

  it('row by row, or in workers that are always new, is told', () => {
    expect(
      only(goodSpark({ python: [goodPython({ node: 'BatchEvalPython' })] }), 'serialization').advice,
    ).toContain('one by one');
    const conf = goodConf({ 'spark.python.worker.reuse': 'false' });
    expect(remedies(only(goodSpark({ conf }), 'serialization'))).toEqual({
      'spark.python.worker.reuse': 'server',
    });
  });

  it('of texts that were scored before is spared by the cache', () => {
    const texts = { posts: 10_000, distinct: 6_000 };
    const found = only(goodEmbedded({ scoring: { threads: 4, cache: false, texts } }), 'serialization');
    expect(value(found, 'others have too')).toBe(0.4);
    expect(remedies(found)).toEqual({ cache: [false, true] });
    const distinct = { posts: 10_000, distinct: 9_900 };
    expect(findProblems(goodEmbedded({ scoring: { threads: 4, cache: false, texts: distinct } }))).toEqual(
      [],
    );
  });
});

describe('backlog', () => {
  const small = goodStream('bronze', {
    batches: 200,
    posts: 2_000,
    full: 199,
    durationMs: 8_000,
    workMs: 900,
    limits: { posts: 10, files: 1_000 },
  });

  it('in batches that pay for themselves alone takes larger ones', () => {
    const found = only(goodEmbedded({ streams: [small] }), 'backlog');
    expect(remedies(found)).toEqual({ max_posts: [10, 5_000] });
    expect(value(found, 'waiting behind')).toBe(0.995);
    expect(value(found, 'posts in a batch')).toBe(10);
  });

  it.each([
    ['of which most is work', { workMs: 6_000 }],
    ['which are seldom full', { full: 90 }],
    ['as large as usual', { limits: { posts: 5_000, files: 1_000 } }],
  ])('may have small batches %s', (_, changes) => {
    expect(findProblems(goodEmbedded({ streams: [{ ...small, ...changes }] }))).toEqual([]);
  });

  it('of one file a batch is mended on a cluster too', () => {
    const limits = { posts: undefined, files: 1 };
    const stream = goodStream('gold', {
      limits,
      usual: { ...limits, files: 1_000 },
      workMs: undefined,
      full: 0,
      waiting: 38,
    });
    expect(remedies(only(goodSpark({ streams: [stream] }), 'backlog'))).toEqual({ max_files: [1, 1_000] });
  });

  it('while cores idle scores on all of them', () => {
    const scoring = { threads: 1, cache: true, texts: undefined };
    expect(remedies(only(goodEmbedded({ scoring }), 'backlog'))).toEqual({ threads: [1, 'auto'] });
    const streams = [goodStream('gold', { scoreMs: 3_000 })];
    expect(findProblems(goodEmbedded({ scoring, streams }))).toEqual([]);
  });

  it('that grows all the time is told', () => {
    const stream = goodStream('bronze', { waiting: 40, backlog: { first: 3, last: 900 } });
    expect(only(goodEmbedded({ streams: [stream] }), 'backlog').remedies).toEqual([]);
    const draining = goodStream('bronze', { waiting: 40, backlog: { first: 900, last: 3 } });
    expect(findProblems(goodEmbedded({ streams: [draining] }))).toEqual([]);
  });
});

it('once its settings are made, a finding is gone', () => {
  const bad = goodSpark({
    conf: goodConf({
      'spark.sql.shuffle.partitions': '400',
      'spark.sql.execution.arrow.maxRecordsPerBatch': '2',
      'spark.databricks.delta.autoCompact.enabled': 'false',
    }),
    stages: [goodStage({ tasks: 400, taskMs: { median: 9, max: 40 }, shuffleReadBytes: 3 * mib })],
    tables: [goodTable('silver', { smallFiles: 1_840, smallBytes: 8 * mib })],
  });
  const findings = findProblems(bad);
  expect(findings.map(({ problem }) => problem)).toEqual(['shuffle', 'storage', 'serialization']);
  const conf = new Map(bad.conf);
  for (const remedy of distinctRemedies(findings))
    if (remedy.kind === 'setting') conf.set(remedy.path.at(-1)!, String(remedy.to));
  expect(findProblems({ ...bad, conf, tables: [goodTable('silver', { smallFiles: 1 })] })).toEqual([]);
});
