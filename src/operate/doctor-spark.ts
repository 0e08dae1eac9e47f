/** Whether a lake that runs on Spark could go on: the server answers, and each stream's checkpoint fits its table. */
import type { SparkSession } from '../engine/spark/connect/index.js';
import { streamId } from '../engine/spark/stream-identity.js';
import { propertiesOf } from '../engine/spark/tables.js';
import { queryIdProperty } from '../engine/table-properties.js';
import type { OpenLake } from '../pipeline/open.js';
import { definePipelineQueries } from '../pipeline/queries.js';
import { placesOf } from '../pipeline/spark/connect-lake.js';
import { type CheckResult, checked } from './check.js';
import { withSession } from './on-spark.js';

export async function checkSpark(open: OpenLake): Promise<CheckResult[]> {
  const results: CheckResult[] = [];
  const reached = await checked('spark', 'start the server, or correct `engine` in murmur.yaml', () =>
    withSession(open, async (session) => {
      for (const { name, plan } of definePipelineQueries(open.spec, 'idle', open.rules))
        if (plan.sink.op === 'append') results.push(await checkStream(open, session, name, plan.sink.table));
      return `Spark ${session.version} answers`;
    }),
  );
  return [reached, ...results];
}

function checkStream(
  { lake }: OpenLake,
  session: SparkSession,
  stream: string,
  table: string,
): Promise<CheckResult> {
  return checked(`checkpoint ${stream}`, 'start the server, and look again', async () => {
    if ((await lake.table(table).at()) === undefined) return 'not begun';
    const places = placesOf(lake);
    const at = { stream, table, path: places.table(table), checkpoint: places.checkpoint(stream) };
    const known = (await propertiesOf(session, at.path)).get(queryIdProperty);
    const id = await streamId(session, at, known);
    return id === undefined ? 'not begun' : `query ${id}`;
  });
}
