/**
 * A query that merges: what its input table gained between two versions goes into its own table as one statement. Spark's
 * streams cannot merge, so the batches are planned here, by the protocol of the embedded engine: `offsets/N` says which versions,
 * before any work; the MERGE carries (query id, N) as its `txn`, so that Delta leaves out one that it has already; `commits/N`
 * follows. The first batch, and one over versions in which rows went away or that are no longer readable, makes the whole table
 * anew from its input at one version.
 */
import { randomUUID } from 'node:crypto';
import { backoff } from '../../base/backoff.js';
import type { Clock } from '../../base/clock.js';
import { asMurmurError, MurmurError } from '../../base/errors.js';
import { Wake } from '../../base/wake.js';
import { quoted } from '../../posts/sql/spark-literals.js';
import type { BatchProgress, QueryDefinition, QueryEvent, QueryStatus } from '../engine.js';
import { failedSentence, LiveStatus } from '../query-status.js';
import { defaultRetention, queryIdProperty } from '../table-properties.js';
import { type Offsets, WriteAheadLog, walFormat } from '../wal.js';
import type { SparkSession } from './connect/index.js';
import type { SparkContext } from './context.js';
import { isAway, isLost, type SessionKeeper } from './session-keeper.js';
import { compilePlan, planInput } from './sql/compile.js';
import { mergeSql, overwriteSql } from './sql/merge-sql.js';
import { deltaTable } from './sql-text.js';
import { newestCommits, openTable, setProperties } from './tables.js';
