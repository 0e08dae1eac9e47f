/**
 * Data files for tests of the log: their "Parquet" is one JSON row a line, so that everything works in memory. Tests that
 * need real Parquet take the DuckParquetHandler.
 */
import { randomUUID } from 'node:crypto';
import type { Clock } from '../../src/base/clock.js';
import type { Action, AddFile, DataFile } from '../../src/delta/actions.js';
import { type DeltaEnv, DeltaLog, decodePath, formatStats, type Snapshot } from '../../src/delta/index.js';
import type { ParquetHandler, RewriteRequest } from '../../src/delta/parquet-handler.js';
import { column, struct } from '../../src/schema/column-types.js';
import type { Storage } from '../../src/storage/storage.js';

export const schema = struct(column('n', 'long'), column('p', 'string'));

export interface Row {
  n: number;
  p?: string | null;
}

export class JsonLines implements ParquetHandler {
  async readCheckpoint(storage: Storage, paths: string[]): Promise<Action[]> {
    const texts = await Promise.all(paths.map((path) => readText(storage, path)));
    return texts.flatMap((text) => text.split('\n').filter(Boolean)).map((line) => JSON.parse(line));
  }

  async writeCheckpoint(storage: Storage, path: string, actions: Iterable<Action>) {
    const lines = [...actions].map((action) => JSON.stringify(action));
    await storage.put(path, Buffer.from(lines.join('\n')));
    return { rows: lines.length, size: lines.join('\n').length };
  }

  async rewrite({ storage, files }: RewriteRequest): Promise<DataFile[]> {
    const rows = await rowsOf(storage, files);
    return [await writeRows(storage, rows, files[0]!.partitionValues)];
  }
}

export async function readText(storage: Storage, path: string): Promise<string> {
  return Buffer.from(await storage.read(path)).toString();
}

export async function writeRows(
  storage: Storage,
  rows: readonly Row[],
  partitionValues: Record<string, string | null> = {},
): Promise<DataFile> {
  const path = `part-${randomUUID()}.parquet`;
  const text = rows.map((row) => `${JSON.stringify(row)}\n`).join('');
  await storage.put(path, Buffer.from(text));
  const numbers = rows.map(({ n }) => n);
  return {
    path,
    partitionValues,
    size: text.length,
    modificationTime: (await storage.stat(path))!.mtimeMs,
    numRecords: rows.length,
    stats: formatStats({
      numRecords: rows.length,
      columns: [
        {
          path: ['n'],
          type: 'long',
          min: Math.min(...numbers),
          max: Math.max(...numbers),
          nullCount: 0,
        },
      ],
    }),
  };
}

export async function rowsOf(storage: Storage, files: readonly AddFile[]): Promise<Row[]> {
  const texts = await Promise.all(files.map(({ path }) => readText(storage, decodePath(path))));
  return texts.flatMap((text) => text.split('\n').filter(Boolean)).map((line) => JSON.parse(line) as Row);
}

export async function numbersIn(storage: Storage, { files }: Snapshot): Promise<number[]> {
  return (await rowsOf(storage, files)).map(({ n }) => n).sort((a, b) => a - b);
}

/** A clock that moves when it is told to. */
export class HandClock implements Clock {
  constructor(public time = Date.UTC(2026, 0, 1)) {}
  now(): number {
    return this.time;
  }
  async sleep(ms: number): Promise<void> {
    this.time += ms;
  }
}

export function testEnv(more: Partial<DeltaEnv> = {}): DeltaEnv {
  return { parquet: new JsonLines(), engineInfo: 'murmur/test', ...more };
}

export function createTable(storage: Storage, configuration: Record<string, string> = {}, env = testEnv()) {
  return DeltaLog.create(storage, env, { schema, configuration });
}

/** Appends one file of these numbers. */
export async function append(table: DeltaLog, ...numbers: number[]): Promise<AddFile> {
  const file = await writeRows(
    table.storage,
    numbers.map((n) => ({ n })),
  );
  const result = await table.begin().add(file).commit({ operation: 'WRITE' });
  if (result.outcome !== 'committed') throw new Error(`append ended in ${result.kind}`);
  return result.snapshot.files.find(({ path }) => path === file.path)!;
}

/** Everything that a snapshot says, for comparison. */
export function contentsOf({ version, protocol, metadata, state, files, numRecords, sizeInBytes }: Snapshot) {
  const sorted = <V>(values: Iterable<V>) => [...values].map((v) => JSON.stringify(v)).sort();
  return {
    ...{ version, protocol, metadata, numRecords, sizeInBytes },
    files: files.map(({ dataChange, ...file }) => file),
    tombstones: [...state.tombstones.values()].map(({ path }) => path).sort(),
    txns: sorted(state.txns.values()),
    domains: sorted(state.domains.values()),
  };
}
