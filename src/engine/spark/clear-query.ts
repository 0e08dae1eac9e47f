/**
 * Takes queries back to their beginning: tables without rows, no checkpoints, nothing of theirs in quarantine. Of a query the
 * checkpoint goes first and its id in the table last, and no query goes before those behind it: what a crash leaves is a sound
 * lake or refused at the next start, never gone on with. The old rows stay readable as a version while the table keeps them.
 */
import { MurmurError } from '../../base/errors.js';
import { quoted } from '../../posts/sql/spark-literals.js';
import type { QueryDefinition } from '../engine.js';
import { queryIdProperty, stampProperty } from '../table-properties.js';
import type { SparkSession } from './connect/index.js';
import type { SparkContext } from './context.js';
import { openShared, tableOf } from './lake-tables.js';
import { deltaTable } from './sql-text.js';
import { quarantineStream } from './stream-identity.js';
import { checkpointId, newestCommits, openTable, setProperties } from './tables.js';

/** The version of a table behind which its query began (anew): what progress tells of older ones is of rows that are gone. */
export const begunProperty = 'murmur.begunBehind';

/**
 * Nothing may run on the lake.
 * @param queries with all that read, at first hand or not, what they write; in the order in which posts pass them
 * @param forget deletes the checkpoint of a stream
 * @throws engine.other_engine, spark.checkpoint_kept (user), spark.*
 */
export async function clearQueries(
  session: SparkSession,
  context: SparkContext,
  queries: readonly QueryDefinition[],
  forget: (stream: string) => Promise<void>,
): Promise<void> {
  await openShared(session, context);
  for (const query of queries.toReversed()) await clearQuery(session, context, query, forget);
}

async function clearQuery(
  session: SparkSession,
  context: SparkContext,
  definition: QueryDefinition,
  forget: (stream: string) => Promise<void>,
): Promise<void> {
  const { name, plan, stamp } = definition;
  const { places } = context;
  const made = tableOf(context, definition);
  const { path } = made;
  // Another value of an option that decides what rows mean is a reason to be here.
  await openTable(session, { ...made, writer: { stream: name, table: plan.sink.table, stamp: {} } });
  for (const stream of [name, quarantineStream(name)]) {
    await forget(stream);
    if ((await checkpointId(session, places.checkpoint(stream))) !== undefined)
      throw new MurmurError(
        'spark.checkpoint_kept',
        `deleting the checkpoint of ${stream}: Spark still sees one in ${places.checkpoint(stream)}`,
        { fault: 'user', fix: 'delete that folder where Spark sees it, and do it again' },
      );
  }
  // A merge that has no checkpoint makes its table anew in one commit.
  if (plan.sink.op === 'append') await session.sql(`DELETE FROM ${deltaTable(path)}`);
  await session.sql(`DELETE FROM ${deltaTable(places.table('quarantine'))} WHERE stream = ${quoted(name)}`);
  const [newest] = await newestCommits(session, path, 1);
  await setProperties(session, path, {
    ...Object.fromEntries(Object.entries(stamp).map(([key, value]) => [stampProperty(key), value])),
    [begunProperty]: String(newest?.version ?? 0),
  });
  await session.sql(`ALTER TABLE ${deltaTable(path)} UNSET TBLPROPERTIES IF EXISTS ('${queryIdProperty}')`);
}
