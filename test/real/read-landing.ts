/** What the embedded engine makes of landed files: its own reader and canonical form, without a lake. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDatabase } from '../../src/duck/index.js';
import { parquetRowCounter } from '../../src/engine/embedded/index.js';
import { type ColumnMapping, canonicalPost } from '../../src/posts/canonical.js';
import { tables } from '../../src/posts/tables.js';
import { openFileSource } from '../../src/sources/files/file-source.js';
import type { SourceOptions } from '../../src/sources/options.js';
import type { RawRecord } from '../../src/sources/source.js';
import { LocalStorage } from '../../src/storage/local.js';

export interface LandedRow {
  position: number;
  fate: 'dropped' | 'quarantined' | null;
  rule: string | null;
  reason: string | null;
  /** Values by column of bronze; absent for what gave no post. */
  row: Record<string, unknown> | null;
}

/** @returns the rows of each file of a folder, by its path below; none for files that are not read or hold nothing */
export async function readLanding(
  folder: string,
  options: SourceOptions,
  mapping: ColumnMapping,
): Promise<Map<string, LandedRow[]>> {
  const duck = await DuckDatabase.open();
  const session = await duck.connect();
  const state = mkdtempSync(join(tmpdir(), 'murmur-read-landing-'));
  const source = await openFileSource({
    storage: new LocalStorage(folder),
    state: new LocalStorage(state),
    options,
    countParquetRows: parquetRowCounter(duck),
  });
  try {
    await source.restore([]);
    // The listing is taken with the first look.
    await source.ls();
    const rows = new Map<string, LandedRow[]>();
    for (const record of await source.head(Number.MAX_SAFE_INTEGER)) {
      const { source_file } = record;
      const of = rows.get(source_file) ?? [];
      rows.set(source_file, of);
      if (!('parquet' in record)) of.push(landed(record, mapping));
      else {
        const found = await session.rows(
          `SELECT * EXCLUDE (file_row_number) FROM read_parquet('${record.parquet.uri}', file_row_number = true) ORDER BY file_row_number`,
        );
        of.push(...found.map((fields, i) => landed({ source_file, position: i + 1, fields }, mapping)));
      }
    }
    return rows;
  } finally {
    await source.close();
    await duck.close();
    rmSync(state, { recursive: true, force: true });
  }
}

const none = { rule: null, reason: null, row: null };

function landed(record: Exclude<RawRecord, { parquet: unknown }>, mapping: ColumnMapping): LandedRow {
  const { source_file, position } = record;
  if ('fault' in record) {
    const { rule, reason } = record.fault;
    return { ...none, position, fate: 'quarantined', rule, reason };
  }
  const outcome = canonicalPost({ source_file, position, fields: record.fields }, mapping, 0n);
  if ('skipped' in outcome) return { ...none, position, fate: 'dropped' };
  if ('fault' in outcome)
    return { ...none, position, fate: 'quarantined', rule: outcome.fault.rule, reason: outcome.fault.reason };
  const row = Object.fromEntries(tables.bronze.fields.map(({ name }, i) => [name, outcome.row[i]]));
  return { ...none, position, fate: null, row };
}
