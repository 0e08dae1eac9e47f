/**
 * The landing place as input: records of the source become canonical posts, and what does not fit is written down as
 * quarantined or dropped, so that every record read is accounted for.
 */
import { isMurmurError, MurmurError } from '../../base/errors.js';
import { quoteIdent, quoteString } from '../../duck/sql-text.js';
import { duckType } from '../../duck/types.js';
import type { CanonicalOutcome, SourceRecord } from '../../posts/canonical.js';
import { column, type StructType, struct } from '../../schema/column-types.js';
import type {
  BatchLimits,
  PlannedInput,
  RawRecord,
  RecordFault,
  Source,
  SourceHorizon,
} from '../../sources/source.js';
import { ordColumn, partColumn } from './compile.js';
import type { BatchInput, LoadOptions, PlannedLog, PlannedRead } from './input.js';
import { packEnds } from './landing-ends.js';
import {
  inputRelation,
  positionColumn,
  quarantineTable,
  type Relation,
  type Workspace,
} from './workspace.js';

/** `offsets/N` of a query on the landing place. */
export interface LandingRead extends PlannedRead, PlannedInput {
  kind: 'landing';
}

/** How a raw record becomes a row of the posts' contract; times in microseconds since the epoch. */
export type Canonical = (record: SourceRecord, batchTimeMicros: bigint) => CanonicalOutcome;

/** Rows that go into DuckDB at once. */
const appendRows = 4_096;
const quarantineSchema = struct(
  column(ordColumn, 'long'),
  column('rule', 'string'),
  column('reason', 'string'),
  column('post_id', 'string'),
  column('row', 'string'),
  column('source_file', 'string'),
  column('position', 'long'),
);

export class LandingInput implements BatchInput<LandingRead> {
  readonly columns: readonly string[];
  readonly origins = ['source_file', positionColumn];
  readonly #schema: StructType;
  #horizon: SourceHorizon | undefined;

  constructor(
    readonly source: Source,
    /** For people: `landing/`. */
    readonly name: string,
    contract: StructType,
    readonly canonical: Canonical,
  ) {
    this.columns = contract.fields.map((f) => f.name);
    this.#schema = struct(
      ...contract.fields,
      column(positionColumn, 'long'),
      column(ordColumn, 'long'),
      column(partColumn, 'long'),
    );
  }

  get waitSentence(): string {
    return `waits for new files in ${this.name}`;
  }

  get idleLookMs(): number {
    return this.source.idleLookMs ?? 1_000;
  }

  get neededFrom(): number {
    return this.source.compactedTo + 1;
  }

  restore(log: PlannedLog): Promise<void> {
    async function* landing(from: number) {
      for await (const { batchId, input } of log.from(from)) yield { batchId, input: asLanding(input) };
    }
    return this.source.restore(landing(this.neededFrom));
  }

  async plan(limits: BatchLimits, toEnd: boolean): Promise<LandingRead | undefined> {
    if (toEnd) this.#horizon ??= await this.source.horizon();
    const input = await this.source.plan(limits, toEnd ? this.#horizon : undefined);
    return input && { kind: 'landing', ...input };
  }

  planned(batchId: number, { kind, ...input }: LandingRead): Promise<void> {
    return this.source.planned(batchId, input);
  }

  async load(
    space: Workspace,
    input: LandingRead,
    { batchTimeMs, signal }: LoadOptions,
  ): Promise<{ relation: Relation; posts: number }> {
    const columns = this.#schema.fields.map((f) => `${quoteIdent(f.name)} ${duckType(f.type)}`);
    await space.session.run(`CREATE OR REPLACE TEMP TABLE ${inputRelation} (${columns.join(', ')})`);
    const batch = new LandingRows(BigInt(batchTimeMs) * 1000n, this.canonical);
    for await (const records of this.source.read(asLanding(input), signal)) {
      for (const record of records) {
        if ('parquet' in record) for (const row of await parquetRecords(space, record)) batch.take(row);
        else batch.take(record);
      }
      if (batch.rows.length >= appendRows) await this.#append(space, batch);
    }
    await this.#append(space, batch);
    if (batch.faults.length > 0) {
      await space.session.append(quarantineTable, quarantineSchema, batch.faults);
      await space.lose('quarantined', `SELECT ${ordColumn} FROM ${quarantineTable}`);
    }
    if (batch.skipped.length > 0)
      await space.lose('dropped', `SELECT unnest([${batch.skipped.join(', ')}]) AS ${ordColumn}`);
    const rows = batch.count - batch.faults.length - batch.skipped.length;
    return {
      relation: { name: inputRelation, columns: this.columns, rows, rowIsPost: true },
      posts: batch.count,
    };
  }

  endOf({ inputs }: LandingRead): unknown {
    return packEnds(inputs);
  }

  backlog() {
    const { backlogFiles, changedFiles } = this.source.state();
    return { files: backlogFiles, changedFiles };
  }

  watch(onHint: () => void): () => void {
    return this.source.watch(onHint);
  }

  close(): Promise<void> {
    return this.source.close();
  }

  async #append(space: Workspace, batch: LandingRows): Promise<void> {
    if (batch.rows.length === 0) return;
    await space.session.append(inputRelation, this.#schema, batch.rows);
    batch.rows = [];
  }
}

type TextRecord = Exclude<RawRecord, { parquet: unknown }>;

/** Sorts records into rows, faults and what is no post; each has the next `__ord`. */
class LandingRows {
  rows: (readonly unknown[])[] = [];
  readonly faults: unknown[][] = [];
  readonly skipped: number[] = [];
  count = 0;

  constructor(
    readonly batchTimeMicros: bigint,
    readonly canonical: Canonical,
  ) {}

  take(record: TextRecord): void {
    const ord = this.count++;
    const { source_file, position } = record;
    if ('fault' in record) {
      this.#fault(ord, record, record.fault);
      return;
    }
    const outcome = this.canonical({ source_file, position, fields: record.fields }, this.batchTimeMicros);
    if ('row' in outcome) this.rows.push([...outcome.row, position, ord, 0]);
    else if ('fault' in outcome) this.#fault(ord, record, outcome.fault);
    else this.skipped.push(ord);
  }

  #fault(
    ord: number,
    { source_file, position }: TextRecord,
    { rule, reason, raw }: Omit<RecordFault, 'rule'> & { rule: string },
  ): void {
    this.faults.push([ord, rule, reason, null, asJson(raw), source_file, position]);
  }
}

/** The rows of a Parquet range; at most one batch of them. */
async function parquetRecords(
  { session }: Workspace,
  { source_file, position, parquet }: Extract<RawRecord, { parquet: unknown }>,
): Promise<TextRecord[]> {
  const select = `SELECT * EXCLUDE (file_row_number) FROM
      read_parquet(${quoteString(parquet.uri)}, hive_partitioning = false, file_row_number = true)
    WHERE file_row_number >= ${parquet.fromRow} AND file_row_number < ${parquet.toRow} ORDER BY file_row_number`;
  try {
    const rows = await session.rows(select);
    return rows.map((fields, i) => ({ source_file, position: position + i, fields }));
  } catch (e) {
    // The statement is ours, so an error in it is one in the file; what may pass or stops the batch goes on.
    if (!isMurmurError(e) || !fileFaults.has(e.code)) throw e;
    return [{ source_file, position, fault: { rule: 'unreadable', reason: e.message, raw: '' } }];
  }
}

const fileFaults = new Set(['duck.parquet_invalid', 'duck.file_missing', 'duck.sql_error']);

/** What stood in the source, as JSON: itself when it is an object, else a string. */
function asJson(raw: string): string {
  try {
    const value: unknown = JSON.parse(raw);
    if (typeof value === 'object' && value !== null) return raw;
  } catch {
    // Broken lines are the usual case.
  }
  return JSON.stringify(raw);
}

function asLanding(input: PlannedRead): LandingRead {
  if (input.kind === 'landing') return input as LandingRead;
  throw new MurmurError(
    'engine.checkpoint_mismatch',
    `checkpoint of a query on a ${input.kind}, expected landing`,
    {
      fault: 'user',
      fix: 'put the right checkpoint back, or make the table anew with `murmur rebuild`',
    },
  );
}
