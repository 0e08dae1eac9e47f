import { describe, expect, it } from 'vitest';
import type { AddFile } from '../../src/delta/actions.js';
import { checkpointIsDue } from '../../src/delta/checkpoint.js';
import { emptyState, replay, Snapshot } from '../../src/delta/snapshot.js';

/** A table with this many live files, at a version. */
function table(files: number, version: number): Snapshot {
  const add = (i: number): { add: AddFile } => ({
    add: { path: `f${i}`, partitionValues: {}, size: 1, modificationTime: 0, dataChange: true },
  });
  const state = replay(emptyState, version, [
    { protocol: { minReaderVersion: 1, minWriterVersion: 2 } },
    {
      metaData: {
        id: 'x',
        format: { provider: 'parquet', options: {} },
        schemaString: '{"type":"struct","fields":[]}',
        partitionColumns: [],
        configuration: { 'delta.checkpointInterval': '10' },
      },
    },
    ...Array.from({ length: files }, (_, i) => add(i)),
  ]);
  return new Snapshot(state, 'table');
}
const due = (files: number, upTo: number) =>
  Array.from({ length: upTo + 1 }, (_, version) => version).filter((version) =>
    checkpointIsDue(table(files, version)),
  );

describe('checkpoints', () => {
  it('come every interval, but not at version 0', () => {
    expect(due(3, 35)).toEqual([10, 20, 30]);
    expect(due(1_000, 20)).toEqual([10, 20]);
  });

  it('of a large state come less often, at versions that are due for a smaller one too', () => {
    expect(due(1_001, 45)).toEqual([20, 40]);
    expect(due(3_500, 85)).toEqual([40, 80]);
  });
});
