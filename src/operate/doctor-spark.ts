/** Whether a lake that runs on Spark could go on: the server answers, and each stream's checkpoint fits its table. */
import type { SparkSession } from '../engine/spark/connect/index.js';
import { streamId } from '../engine/spark/stream-identity.js';
import { propertiesOf } from '../engine/spark/tables.js';
import { queryIdProperty } from '../engine/table-properties.js';
import type { OpenLake } from '../pipeline/open.js';
import { definePipelineQueries } from '../pipeline/queries.js';
import { placesOf } from '../pipeline/spark/connect-lake.js';
import { SeenFiles } from '../pipeline/spark/seen-files.js';
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
  return [reached, ...results, await checkLanded(open)];
}

/** What was read is as it was when Spark listed it. */
function checkLanded({ lake }: OpenLake): Promise<CheckResult> {
  const fix =
    'land what is missing as a file of its own, and move the old ones away: Spark reads a name once';
  return checked('landed files', fix, async () => {
    const seen = new SeenFiles(lake);
    const changed = (await seen.changed()).map(({ path }) => path);
    if (changed.length > 0)
      throw new Error(
        `${changed.length} changed after Spark had listed them: ${changed.slice(0, 5).join(', ')}${changed.length > 5 ? ', …' : ''}`,
      );
    return `${(await seen.files()).size} read, none has changed since`;
  });
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
