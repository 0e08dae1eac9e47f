/** The landing place of a lake as a source: its folder, the format options of the spec, and the check for a text column. */
import { type Clock, systemClock } from '../base/clock.js';
import { DuckDatabase } from '../duck/index.js';
import { parquetRowCounter } from '../engine/embedded/index.js';
import { WriteAheadLog } from '../engine/wal.js';
import type { Lake } from '../lake/lake.js';
import { type FileSource, openFileSource } from '../sources/files/file-source.js';
import type { PlannedBatch, PlannedInput, Source } from '../sources/source.js';
import { LocalStorage } from '../storage/local.js';
import type { Storage } from '../storage/storage.js';
import { seenFiles } from './spark/seen-files.js';
import type { LakeSpec } from './spec.js';
import { withTextCheck } from './text-check.js';

export interface Landing {
  lake: Lake;
  spec: LakeSpec;
  duck: DuckDatabase;
  /** Where the source keeps its own notes. */
  notes: Storage;
  clock: Clock;
}

/** For the bronze query. */
export async function openLanding(landing: Landing): Promise<Source> {
  const { lake, spec, duck } = landing;
  const { rows } = await lake.table('bronze').summary();
  return withTextCheck(await openFiles(landing), spec.columns, duck, rows !== 0);
}

/** Looks at the landing place as the bronze query left it, while a pipeline runs or not; nothing is moved by it. */
export async function inspectLanding<T>(
  lake: Lake,
  spec: LakeSpec,
  look: (source: FileSource) => Promise<T>,
  clock: Clock = systemClock,
): Promise<T> {
  const isSpark = spec.engine !== 'embedded';
  // Spark keeps notes of its own where the embedded engine would.
  const checkpoint = new LocalStorage(lake.paths.checkpoints).at(isSpark ? '.bronze' : 'bronze');
  const duck = await DuckDatabase.open();
  try {
    const source = await openFiles({ lake, spec, duck, notes: checkpoint.at('sources'), clock });
    try {
      await source.restore(isSpark ? seenFiles(lake) : plannedBatches(checkpoint, source.compactedTo + 1));
      return await look(source);
    } finally {
      await source.close();
    }
  } finally {
    await duck.close();
  }
}

async function* plannedBatches(checkpoint: Storage, from: number): AsyncIterable<PlannedBatch> {
  const log = await WriteAheadLog.open(checkpoint, 'bronze');
  if (log === undefined) return;
  for await (const { batchId, input } of log.offsetsFrom(from)) {
    yield { batchId, input: input as unknown as PlannedInput };
  }
}

function openFiles({ lake, spec, duck, notes, clock }: Landing): Promise<FileSource> {
  return openFileSource({
    storage: lake.landing,
    state: notes,
    options: spec,
    clock,
    countParquetRows: parquetRowCounter(duck),
  });
}
