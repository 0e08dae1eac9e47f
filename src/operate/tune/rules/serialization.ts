/** Serialization: rows that are packed, sent to other processes and unpacked, more often or in smaller lots than needed. */
import type { PythonSignal, Signals } from '../../../engine/signals.js';
import { type Finding, seen, setting, sparkConf } from '../finding.js';

/** Rows in an Arrow batch, below which its frame weighs more than its rows. */
const leastRecords = 256;
/** What Murmur sets where nobody says otherwise. */
const goodRecords = 2_000;
/** Less time in Python is not worth a word. Milliseconds. */
const leastMs = 1_000;
/** Posts whose text was scored before. */
const repeatedShare = 0.1;
const leastPosts = 1_000;

const recordsKey = 'spark.sql.execution.arrow.maxRecordsPerBatch';
const reuseKey = 'spark.python.worker.reuse';

export function serialization(signals: Signals): Finding[] {
  return [
    ...tinyBatches(signals),
    ...rowFunctions(signals),
    ...newWorkers(signals),
    ...repeatedTexts(signals),
  ];
}

function tinyBatches({ python, conf }: Signals): Finding[] {
  const records = Number(conf.get(recordsKey));
  const worst = longest((python ?? []).filter(({ node }) => node.includes('Arrow')));
  // Zero and less mean without end.
  if (worst === undefined || !(records > 0 && records < leastRecords) || worst.rows <= records) return [];
  return [
    {
      problem: 'serialization',
      where: worst.work,
      seen: [seen('rows in an Arrow batch', records, 'count', leastRecords), ...pythonNumbers(worst)],
      advice:
        'Send rows to the Python workers in larger lots: each lot has a frame, and the model works best on many texts.',
      remedies: [sparkConf(conf, recordsKey, goodRecords)],
    },
  ];
}

/** Functions that get one row at a time, pickled. */
function rowFunctions({ python }: Signals): Finding[] {
  const worst = longest((python ?? []).filter(({ node }) => node.startsWith('BatchEvalPython')));
  if (worst === undefined) return [];
  return [
    {
      problem: 'serialization',
      where: worst.work,
      seen: pythonNumbers(worst),
      advice: 'A Python function gets its rows one by one; write it as an Arrow function, or in SQL.',
      remedies: [],
    },
  ];
}

function newWorkers({ python, conf }: Signals): Finding[] {
  const worst = longest(python ?? []);
  if (worst === undefined || conf.get(reuseKey) !== 'false') return [];
  return [
    {
      problem: 'serialization',
      where: worst.work,
      seen: pythonNumbers(worst),
      advice: 'Every task starts a Python worker that loads the model anew; let workers live on.',
      remedies: [{ kind: 'server', key: reuseKey, to: 'true' }],
    },
  ];
}

function repeatedTexts({ scoring }: Signals): Finding[] {
  if (scoring === undefined || scoring.cache || scoring.texts === undefined) return [];
  const { posts, distinct } = scoring.texts;
  const share = 1 - distinct / Math.max(1, posts);
  if (posts < leastPosts || share < repeatedShare) return [];
  return [
    {
      problem: 'serialization',
      where: 'gold',
      seen: [
        seen('posts with a text that others have too', share, 'share', repeatedShare),
        seen('posts looked at', posts),
      ],
      advice: 'Keep the scores of texts in memory: these go to the scorer again and again.',
      remedies: [setting('streams.gold.cache', false, true)],
    },
  ];
}

function pythonNumbers({ rows, sentBytes, receivedBytes, runMs }: PythonSignal) {
  return [
    seen('time in Python', runMs, 'ms', leastMs),
    seen('rows', rows),
    seen('bytes to and fro for a row', (sentBytes + receivedBytes) / Math.max(1, rows), 'bytes'),
  ];
}

/** That took the most time, if it took enough. */
function longest(nodes: readonly PythonSignal[]): PythonSignal | undefined {
  const worst = nodes.reduce<PythonSignal | undefined>(
    (best, node) => (best === undefined || node.runMs > best.runMs ? node : best),
    undefined,
  );
  return worst !== undefined && worst.runMs >= leastMs ? worst : undefined;
}
