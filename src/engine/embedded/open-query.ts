/**
 * From a definition to a query that can run: table and checkpoint are opened and compared, the plan is compiled and tried on
 * no rows, the log is handed to the input, and the layer window is filled from what the table's commits tell.
 */
import { MurmurError } from '../../base/errors.js';
import type { DeltaLog } from '../../delta/index.js';
import { quoteIdent } from '../../duck/sql-text.js';
import { duckType } from '../../duck/types.js';
import type { StructType } from '../../schema/column-types.js';
import type { QueryDefinition, QueryEvent } from '../engine.js';
import { type LayerRule, windowPosts } from '../expectation.js';
import { LayerWindow } from '../layer-window.js';
import { planInput } from '../plan-reading.js';
import { defaultRetention } from '../table-properties.js';
import type { Offsets, WriteAheadLog } from '../wal.js';
import { measureOf } from './batch-report.js';
import { newestBatches, type ReportedCommit } from './commit-history.js';
import { type CompiledPlan, compilePlan, ordColumn, partColumn } from './compile.js';
import { clockOf, type EmbeddedContext } from './context.js';
import { openQuery } from './identity.js';
import type { BatchInput } from './input.js';
import { LandingInput } from './landing-input.js';
import { StreamingQuery } from './query.js';
import { checkRules } from './rule-sql.js';
import { TableInput } from './table-input.js';
import { inputRelation, Workspace } from './workspace.js';

export interface QuerySurroundings {
  readonly context: EmbeddedContext;
  readonly runId: string;
  readonly emit: (event: QueryEvent) => void;
  /** The quarantine table, created when first asked for. */
  readonly quarantine: () => Promise<DeltaLog>;
  /** Whether rows of one post may stand beside each other in a table, as its writer's plan says. */
  readonly fansOut: (table: string) => boolean;
  /** A table that this query reads; undefined while it does not exist. */
  readonly openInput: (table: string) => Promise<DeltaLog | undefined>;
  /** Told when table and checkpoint are found to fit, before the query begins. */
  readonly onOpen: (queryId: string, table: DeltaLog) => Promise<void>;
}

/** @throws everything of `openQuery`; engine.plan_invalid, engine.rule_invalid; what the source throws */
export async function openStreamingQuery(
  definition: QueryDefinition,
  around: QuerySurroundings,
): Promise<StreamingQuery> {
  const { context } = around;
  const { sink } = definition.plan;
  const { table, wal } = await openQuery(
    context.tables.at(sink.table),
    context.checkpoints.at(definition.name),
    context.delta,
    {
      stream: definition.name,
      table: sink.table,
      schema: contract(context, sink.table),
      stamp: definition.stamp,
      retention: context.retention?.[sink.table] ?? defaultRetention,
    },
  );
  const session = await context.duck.connect();
  let input: BatchInput | undefined;
  try {
    input = await openInput(definition, around, wal);
    const compiled = compilePlan(definition.plan, input.columns);
    checkColumns(definition, compiled, table.snapshot.schema);
    const space = await Workspace.open(session);
    await tryPlan(space, definition, compiled, contract(context, inputContract(definition)));
    await input.restore({ lastBatchId: wal.lastBatchId, from: (batchId) => wal.offsetsFrom(batchId) });
    const window = await windowOf(definition, table, wal.queryId);
    await around.onOpen(wal.queryId, table);
    const { name: stream, expectations } = definition;
    return new StreamingQuery(
      {
        definition,
        clock: clockOf(context),
        wal,
        plan: {
          stream,
          compiled,
          expectations,
          input,
          space,
          scorer: (wanted) => context.scorer(wanted),
          observe: context.observe && ((batch, signal) => context.observe!(batch, signal)),
        },
        target: {
          stream,
          runId: around.runId,
          session,
          table,
          sink,
          quarantine: around.quarantine,
        },
        window,
        emit: around.emit,
      },
      await pendingBatch(wal),
      await lastModel(wal),
    );
  } catch (e) {
    await input?.close();
    await session.close();
    throw e;
  }
}

async function openInput(
  { plan }: QueryDefinition,
  { context, fansOut, openInput: openTable }: QuerySurroundings,
  wal: WriteAheadLog,
): Promise<BatchInput> {
  const from = planInput(plan);
  if (from !== 'landing')
    return new TableInput({
      name: from,
      open: () => openTable(from),
      isFar: context.tables.at(from).kind === 's3',
      duck: context.duck,
      contract: contract(context, from),
      fansOut: fansOut(from),
    });
  const { name, open, canonical } = context.landing;
  return new LandingInput(await open(wal.sources), name, contract(context, 'bronze'), canonical);
}

/** The landing place gives posts in the shape of bronze. */
function inputContract({ plan }: QueryDefinition): string {
  const from = planInput(plan);
  return from === 'landing' ? 'bronze' : from;
}

function contract({ contracts }: EmbeddedContext, table: string): StructType {
  const schema = contracts[table];
  if (schema) return schema;
  throw new MurmurError('engine.plan_invalid', `plan with the unknown table ${table}`, { fault: 'internal' });
}

/** A plan must give exactly what its table holds; a merge may leave derived columns to the sink. */
function checkColumns({ name, plan }: QueryDefinition, { columns }: CompiledPlan, schema: StructType): void {
  const derived = plan.sink.op === 'merge' ? Object.keys(plan.sink.derive) : [];
  const wanted = schema.fields.map((f) => f.name).filter((f) => !derived.includes(f));
  const missing = wanted.filter((f) => !columns.includes(f));
  const extra = columns.filter((f) => !wanted.includes(f));
  if (missing.length + extra.length > 0)
    throw new MurmurError(
      'engine.plan_invalid',
      `plan of ${name} does not fit its table: missing [${missing.join(', ')}], unknown [${extra.join(', ')}]`,
      { fault: 'internal' },
    );
}

/** Runs the plan's first steps on no rows and binds every rule, so that a fault in them shows before any batch. */
async function tryPlan(
  space: Workspace,
  { expectations }: QueryDefinition,
  { steps }: CompiledPlan,
  schema: StructType,
): Promise<void> {
  const nulls = schema.fields.map((f) => `NULL::${duckType(f.type)} AS ${quoteIdent(f.name)}`);
  let relation = await space.materialise(
    inputRelation,
    `SELECT 0::BIGINT AS ${ordColumn}, 0::BIGINT AS ${partColumn}, ${nulls.join(', ')} LIMIT 0`,
    schema.fields.map((f) => f.name),
    true,
  );
  for (const step of steps) {
    if (step.kind === 'select')
      relation = await space.relation(step.select(relation.name, 0), step.columns, true);
    else if (step.kind === 'expect') await checkRules(space, relation, expectations);
    else return;
  }
}

/** The last batch of the log; whether its commit got through, the table will say. */
async function pendingBatch(wal: WriteAheadLog): Promise<Offsets | undefined> {
  const last = wal.lastBatchId;
  if (last === undefined || (await wal.readCommit(last))) return undefined;
  return wal.readOffsets(last);
}

/** The model of the batch before the one that comes next; what the log no longer holds is not known. */
async function lastModel(wal: WriteAheadLog): Promise<string | undefined> {
  const last = wal.lastBatchId ?? -1;
  const before = (await wal.readCommit(last)) ? last : last - 1;
  if (!(await wal.readCommit(before))) return undefined;
  return (await wal.readOffsets(before)).model?.id;
}

async function windowOf(
  { expectations }: QueryDefinition,
  table: DeltaLog,
  queryId: string,
): Promise<LayerWindow> {
  const rules = expectations.filter((e): e is LayerRule => e.kind === 'layer');
  const window = new LayerWindow(rules);
  if (rules.length === 0) return window;
  const posts = (found: readonly ReportedCommit[]) =>
    found.reduce((sum, { report }) => sum + measureOf(report).posts, 0);
  for (const { report } of await newestBatches(
    table,
    queryId,
    (found) => posts(found) >= windowPosts.running,
  ))
    window.push(measureOf(report));
  return window;
}
