/** A streaming query made ready in a session: its table and checkpoint looked at, its plan compiled, its model at hand. */
import type { QueryDefinition } from '../engine.js';
import { planInput } from '../plan-reading.js';
import { queryIdProperty } from '../table-properties.js';
import { begunProperty } from './clear-query.js';
import {
  observe,
  type Relation,
  readPath,
  type SparkSession,
  type StreamingQuery,
  type StreamProgress,
  type StreamTrigger,
  withRelations,
} from './connect/index.js';
import type { SparkContext } from './context.js';
import { contractOf, tableOf } from './lake-tables.js';
import { landingOf } from './landing.js';
import { scoring } from './scoring.js';
import { type CompiledQuery, compilePlan } from './sql/compile.js';
import type { Measured } from './sql/measure.js';
import { epochOf, newestCommitOf, quarantineStream, type StreamPlaces, streamId } from './stream-identity.js';
import { newestCommits, openTable, setProperties, type TableCommit } from './tables.js';

const metricsName = 'posts';

export interface OpenedStream {
  /** A model takes part. */
  readonly scores: boolean;
  /** The newest batch that is in the table; −1 for none. */
  readonly last: { batchId: number; commit: TableCommit | undefined };
  /** The version of the table behind which the query began; −1 for one that was never made anew. */
  readonly begunBehind: number;
  /** Starts the query, and the one that writes what it quarantines. */
  start(): Promise<[query: StreamingQuery, quarantine?: StreamingQuery]>;
  /** The table's versions by the batches that made them, as far as its newest history tells. */
  versions(batches: number): Promise<Map<number, number>>;
  measured(report: StreamProgress): Measured;
}

/**
 * @param fansOut whether posts may have several rows in what the query reads
 * @throws engine.checkpoint_missing, engine.checkpoint_mismatch, engine.stamp_differs, engine.other_engine (user), spark.*
 */
export async function openStream(
  session: SparkSession,
  context: SparkContext,
  definition: QueryDefinition,
  fansOut: boolean,
): Promise<OpenedStream> {
  const { name, plan, trigger } = definition;
  const { places } = context;
  const { table } = plan.sink;
  const from = planInput(plan);
  const as = relationNames(name);
  const source = contractOf(context, from === 'landing' ? 'bronze' : from);
  const compiled = compilePlan(definition, {
    source: as.input,
    columns: source.fields.map((field) => field.name),
    fansOut,
  });
  const input = await inputOf(session, context, definition, from);
  const judged = withRelations(compiled.judged, { [as.input]: input });
  const rows = await rowsOf(
    session,
    context,
    compiled,
    as,
    table,
    observe(judged, metricsName, aggregates(compiled)),
  );
  const start = (): Promise<StreamingQuery> =>
    session.startStream(rows, {
      name,
      sink: { path: places.table(table) },
      checkpoint: places.checkpoint(name),
      trigger: sparkTrigger(trigger),
    });
  const at = { stream: name, table, path: places.table(table), checkpoint: places.checkpoint(name) };
  const properties = await openTable(session, tableOf(context, definition));
  const queryId = await identify(session, at, properties, start);
  const commit = await newestCommitOf(session, at.path, queryId);
  return {
    scores: compiled.score !== undefined,
    last: { batchId: epochOf(commit), commit },
    begunBehind: Number(properties.get(begunProperty) ?? -1),
    async start() {
      const query = await start();
      if (compiled.quarantined === undefined) return [query];
      const bad = withRelations(compiled.quarantined(as.judged), { [as.judged]: judged });
      const companion = quarantineStream(name);
      try {
        const quarantine = await session.startStream(bad, {
          name: companion,
          sink: { path: places.table('quarantine') },
          checkpoint: places.checkpoint(companion),
          trigger: sparkTrigger(trigger),
        });
        return [query, quarantine];
      } catch (e) {
        await query.stop().catch(() => undefined);
        throw e;
      }
    },
    async versions(batches) {
      const commits = await newestCommits(session, at.path, batches + 20);
      const own = commits.filter(({ parameters }) => parameters.get('queryId') === queryId);
      return new Map(own.map((each) => [epochOf(each), each.version]));
    },
    measured: (report) => compiled.measured(valuesOf(report)),
  };
}

/** What a query calls its relations: for a moment they are views of the session, which its other queries share. */
function relationNames(stream: string) {
  return { input: `${stream}_input`, judged: `${stream}_judged`, scored: `${stream}_scored` };
}

/** The rows to write, scored where the plan says so. */
async function rowsOf(
  session: SparkSession,
  context: SparkContext,
  { rows, score }: CompiledQuery,
  as: ReturnType<typeof relationNames>,
  table: string,
  judged: Relation,
): Promise<Relation> {
  if (score === undefined) return withRelations(rows(as.judged), { [as.judged]: judged });
  // A batch is often one file and so one task; each text costs far more than the way to another core.
  const spread = `SELECT /*+ REPARTITION(${await parallelism(session)}) */ * FROM (${rows(as.judged)})`;
  const kept = withRelations(spread, { [as.judged]: judged });
  const fields = new Map(contractOf(context, table).fields.map((field) => [field.name, field]));
  const columns = score.columns.map((column) => fields.get(column)!);
  const scored = await scoring(session, await context.model(), columns, score.text);
  return withRelations(score.rows(as.scored), { [as.scored]: scored(kept) });
}

async function inputOf(
  session: SparkSession,
  context: SparkContext,
  { limits }: QueryDefinition,
  from: string,
): Promise<Relation> {
  if (from === 'landing') return landingOf(session, context, limits.files);
  return readPath(context.places.table(from), {
    format: 'delta',
    streaming: true,
    options: { maxFilesPerTrigger: String(limits.files) },
  });
}

/** The id of the checkpoint's query, which is the table's too. A query that is new gets both from its first, short life. */
async function identify(
  session: SparkSession,
  at: StreamPlaces,
  properties: ReadonlyMap<string, string>,
  start: () => Promise<StreamingQuery>,
): Promise<string> {
  const known = properties.get(queryIdProperty);
  let id = await streamId(session, at, known);
  if (id !== undefined && id === known) return id;
  if (id === undefined) {
    // Stopped before the property is set: a change of the table's properties would end a batch that is under way.
    const first = await start();
    await first.stop();
    id = first.id;
  }
  await setProperties(session, at.path, { [queryIdProperty]: id });
  return id;
}

function aggregates({ metrics }: CompiledQuery): string[] {
  return Object.entries(metrics).map(([name, sql]) => `${sql} AS ${name}`);
}

function valuesOf({ observedMetrics }: StreamProgress): Record<string, number | null> {
  return (observedMetrics[metricsName] ?? {}) as Record<string, number | null>;
}

function sparkTrigger(trigger: QueryDefinition['trigger']): StreamTrigger {
  switch (trigger.kind) {
    case 'asap':
      return { kind: 'interval', everyMs: trigger.minGapMs };
    case 'interval':
      return trigger;
    case 'available-now':
      return { kind: 'available_now' };
  }
}

/** How many tasks the cluster runs at once, as Spark itself takes it for data that has no partitions of its own. */
async function parallelism(session: SparkSession): Promise<number> {
  const partitions = await session.rows('SELECT DISTINCT spark_partition_id() AS id FROM range(10000)');
  return Math.max(1, partitions.length);
}
