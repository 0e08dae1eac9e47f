/** Whether a query could go on with its checkpoint: everything is looked at that its next start would read. */
import { asMurmurError, MurmurError } from '../../../base/errors.js';
import type { DeltaLog } from '../../../delta/index.js';
import { Ledger } from '../../../sources/files/ledger.js';
import type { PlannedInput } from '../../../sources/source.js';
import type { Storage } from '../../../storage/storage.js';
import { queryIdProperty } from '../../table-properties.js';
import { checkpointFix, WriteAheadLog } from '../../wal.js';
import { anyCommit, misfit, misfitFix } from '../identity.js';

export type Examined =
  /** `batchId` is the newest one planned. */
  | { state: 'sound'; batchId: number | undefined }
  | { state: 'not begun' }
  /** Something is missing or broken, and the table can say what was there. */
  | { state: 'damaged'; error: MurmurError }
  /** Table and checkpoint say different things, so that one of them is not what it should be. */
  | { state: 'contradictory'; error: MurmurError };

/** @param table undefined where there is none */
export async function examineCheckpoint(
  table: DeltaLog | undefined,
  checkpoint: Storage,
  stream: string,
): Promise<Examined> {
  const contradictory = (detail: string, fix: string): Examined => ({
    state: 'contradictory',
    error: new MurmurError('engine.checkpoint_mismatch', detail, { fault: 'user', fix, context: { stream } }),
  });
  let wal: WriteAheadLog | undefined;
  try {
    wal = await WriteAheadLog.open(checkpoint, stream);
    if (wal !== undefined) await readAll(wal);
    if (table === undefined) {
      if (wal === undefined) return { state: 'not begun' };
      if (!(await anyCommit(wal))) return { state: 'sound', batchId: wal.lastBatchId };
    }
  } catch (e) {
    const error = asMurmurError(e);
    if (!mendable.has(error.code)) return { state: 'contradictory', error };
    if (table !== undefined) return { state: 'damaged', error };
  }
  if (table === undefined)
    return contradictory(
      `checkpoint ${checkpoint.root} tells of batches, its table is missing`,
      `put the table back, or make it anew with \`murmur rebuild ${stream}\``,
    );
  if (table.snapshot.metadata.configuration[queryIdProperty] === undefined)
    return contradictory(
      `table ${table.storage.root} was not created by a query`,
      'point `tables` in murmur.yaml at a folder of its own',
    );
  if (wal === undefined)
    return {
      state: 'damaged',
      error: new MurmurError('engine.checkpoint_missing', 'the table is there, its checkpoint is not', {
        fault: 'external',
        fix: checkpointFix,
      }),
    };
  const found = await misfit(table.snapshot, wal);
  if (found === undefined) return { state: 'sound', batchId: wal.lastBatchId };
  if (found.kind !== 'checkpoint behind') return contradictory(found.detail, misfitFix(found.kind, stream));
  return {
    state: 'damaged',
    error: new MurmurError('engine.checkpoint_mismatch', found.detail, {
      fault: 'external',
      fix: checkpointFix,
    }),
  };
}

const mendable = new Set(['engine.checkpoint_missing', 'engine.checkpoint_corrupt', 'source.state_gap']);

/** @throws what cannot be read */
async function readAll(wal: WriteAheadLog): Promise<void> {
  const last = wal.lastBatchId;
  if (last === undefined) return;
  await wal.readCommit(last);
  if ((await wal.readOffsets(last)).input.kind !== 'landing') return;
  const ledger = await Ledger.open(wal.sources);
  for await (const { batchId, input } of wal.offsetsFrom(ledger.compactedTo + 1))
    ledger.restore({ batchId, input: input as unknown as PlannedInput });
}
