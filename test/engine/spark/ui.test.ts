/** The Spark UI's REST interface, as a server that was recorded answers: which stages are the lake's, and what their numbers are. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { metricValue, readPython } from '../../../src/engine/spark/ui/python-metrics.js';
import { openUi, readCores } from '../../../src/engine/spark/ui/rest.js';
import { readStages, type StageAnswer, workOf } from '../../../src/engine/spark/ui/stage-metrics.js';

const queryId = '6d45c497-d438-479d-b526-7fc614aa7768';

function stage(changes: Partial<StageAnswer>): StageAnswer {
  return {
    stageId: 21,
    numTasks: 1_000,
    submissionTime: '2026-11-21T18:36:30.380GMT',
    description: `gold\nid = ${queryId}\nrunId = 81916e\nbatch = 4`,
    details: 'org.apache.spark.sql.connect.execution.ExecuteThreadRunner$ExecutionThread.run',
    executorRunTime: 4_074,
    jvmGcTime: 120,
    shuffleFetchWaitTime: 3,
    inputBytes: 0,
    shuffleReadBytes: 67_125,
    shuffleWriteBytes: 0,
    memoryBytesSpilled: 5,
    diskBytesSpilled: 4,
    peakExecutionMemory: 9,
    taskMetricsDistributions: {
      quantiles: [0.5, 1],
      duration: [11, 230],
      diskBytesSpilled: [0, 4],
      inputMetrics: { bytesRead: [1, 2] },
      shuffleReadMetrics: { readBytes: [67, 901] },
    },
    ...changes,
  };
}

const statement = (sql: string) =>
  `session_id: "23c5c517"\nplan {\n  command {\n    sql_command {\n      input {\n        sql {\n          query: "${sql}"\n        }\n      }\n    }\n  }\n}\n`;

const answers: Record<string, unknown> = {
  '': { id: 'local-1' },
  '/executors': [{ totalCores: 0 }, { totalCores: 4 }, { totalCores: 4 }],
  '/stages': [
    stage({}),
    stage({ stageId: 20, description: 'gold\nid = another\nbatch = 1' }),
    stage({
      stageId: 19,
      description: 'Spark Connect - …',
      details: statement('MERGE INTO delta.`/lake/tables/application` AS t\\nUSING s'),
    }),
    stage({
      stageId: 18,
      description: 'Spark Connect - …',
      details: statement('MERGE INTO delta.`/lake/tables2/application`'),
    }),
    stage({ stageId: 17, submissionTime: '2026-11-21T18:36:20.000GMT' }),
    stage({ stageId: 16, shuffleReadBytes: 0 }),
  ],
  '/jobs': [
    { jobId: 5, stageIds: [20, 21] },
    { jobId: 6, stageIds: [18] },
  ],
  '/sql': [
    { successJobIds: [5], nodes: [{ nodeName: 'Scan parquet', metrics: [] }, node('20,000', '160.5 KiB')] },
    { successJobIds: [6], nodes: [node('7', '7.0 B')] },
    { successJobIds: [5], nodes: [{ nodeName: 'MapInArrow', metrics: [] }] },
    { successJobIds: [5] },
  ],
};

function node(rows: string, bytes: string) {
  const metrics = {
    'number of output rows': rows,
    'data sent to Python workers': bytes,
    'data returned from Python workers':
      'total (min, med, max (stageId: taskId))\n1.0 MiB (0.0 B, 0.5 MiB, 0.5 MiB (stage 593.0: task 491))',
    'time to run Python workers':
      'total (min, med, max (stageId: taskId))\n5.1 s (2.5 s, 2.6 s, 2.6 s (stage 593.0: task 491))',
  };
  return {
    nodeName: 'MapInArrow',
    metrics: Object.entries(metrics).map(([name, value]) => ({ name, value })),
  };
}

let server: Server;
let address: string;
const asked: string[] = [];
beforeAll(async () => {
  server = createServer(({ url = '' }, response) => {
    asked.push(url);
    const path = /^\/api\/v1\/applications\/local-1(\/\w+|)/.exec(url)?.[1];
    response.writeHead(path === undefined ? 404 : 200).end(JSON.stringify(answers[path ?? '']));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => new Promise((resolve) => server.close(resolve)));

const choice = { marks: ['/lake/tables/', `id = ${queryId}`], since: Date.parse('2026-11-21T18:36:30Z') };

describe('stages', () => {
  it('are those of the lake: its streams by their ids, statements by its tables, and none from before', async () => {
    const stages = await readStages(await openUi([address], 'local-1'), choice);
    expect(stages.map(({ id, work }) => [id, work])).toEqual([
      [21, 'gold'],
      [19, 'MERGE INTO delta.`/lake/tables/application` AS t USING s'],
      [16, 'gold'],
    ]);
    expect(asked.at(-1)).toContain('withSummaries=true&quantiles=0.5,1.0');
  });

  it('tell their sums, and how tasks differ in time and in what they read', async () => {
    const [shuffled, , scanned] = await readStages(await openUi([address], 'local-1'), choice);
    expect(shuffled).toMatchObject({
      tasks: 1_000,
      runMs: 4_074,
      gcMs: 120,
      fetchWaitMs: 3,
      memorySpilledBytes: 5,
      diskSpilledBytes: 4,
      taskMs: { median: 11, max: 230 },
      taskReadBytes: { median: 67, max: 901 },
      taskSpilledBytes: { median: 0, max: 4 },
    });
    expect(scanned!.taskReadBytes).toEqual({ median: 1, max: 2 });
  });

  it('are called what people know them by', () => {
    const description = `Delta: Delta: gold\nid = ${queryId}\nbatch = 1: Filtering files for query: Compute snapshot for version: 12`;
    expect(workOf({ description })).toBe('gold (Delta: compute snapshot for version: 12)');
    const details = statement(`SELECT \\'a\\', ${'b, '.repeat(60)}`);
    expect(workOf({ details })).toMatch(/^SELECT 'a', b, .*…$/);
    expect(workOf({ details }).length).toBeLessThanOrEqual(70);
  });
});

it('Python nodes are those of plans with such stages, with all their tasks together', async () => {
  const ui = await openUi([address], 'local-1');
  expect(await readPython(ui, await readStages(ui, choice))).toEqual([
    {
      work: 'gold',
      node: 'MapInArrow',
      rows: 20_000,
      sentBytes: 164_352,
      receivedBytes: 2 ** 20,
      runMs: 5_100,
    },
  ]);
  expect(await readCores(ui)).toBe(8);
});

it.each([
  ['0 ms', 0],
  ['1,208.0 B', 1_208],
  ['2.1 m', 126_000],
  ['1.5 GiB', 1.5 * 2 ** 30],
  ['20,000', 20_000],
  ['', 0],
  [undefined, 0],
])('a metric written as %j is %d', (text, value) => {
  expect(metricValue(text)).toBe(value);
});

describe('a UI that is not there', () => {
  it('is looked for at the next address', async () => {
    const ui = await openUi(['http://127.0.0.1:1', address], 'local-1');
    expect(await readCores(ui)).toBe(8);
  });

  it('is told with its address, also where another application answers', async () => {
    const closed = {
      code: 'spark.ui_closed',
      fault: 'external',
      fix: expect.stringContaining('engine.spark.ui'),
    };
    await expect(openUi(['http://127.0.0.1:1'], 'local-1')).rejects.toMatchObject({
      ...closed,
      message: expect.stringMatching(/^reading the Spark UI at http:\/\/127.0.0.1:1: /),
    });
    await expect(openUi([address], 'local-2')).rejects.toMatchObject({
      ...closed,
      message: `reading the Spark UI at ${address}: it answers 404`,
    });
  });
});
