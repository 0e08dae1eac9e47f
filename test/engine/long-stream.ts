/**
 * A stream of commits over hours of a clock that the test moves, on a table without rows: its files have sizes and nothing in
 * them. What is joined, kept and deleted is decided by the code that runs beside every query.
 */
import { randomUUID } from 'node:crypto';
import type { Action, DataFile, ParquetHandler } from '../../src/delta/index.js';
import { DeltaLog } from '../../src/delta/index.js';
import { Maintenance, type MaintenanceOptions } from '../../src/engine/embedded/maintenance.js';
import { tableProperties } from '../../src/engine/table-properties.js';
import { column, struct } from '../../src/schema/column-types.js';
import { MemoryStorage } from '../../src/storage/memory.js';
import { ManualClock } from './manual-clock.js';

const schema = struct(column('a', 'long'));

export class LongStream {
  /** Bytes. */
  written = 0;
  rewritten = 0;
  mostLive = 0;
  mostRemoved = 0;
  readonly #maintenance: Maintenance;

  private constructor(
    readonly clock: ManualClock,
    readonly table: DeltaLog,
    options: MaintenanceOptions,
  ) {
    this.#maintenance = new Maintenance(
      clock,
      {
        neededFiles: async () => new Map(),
        onError: (_name, error) => {
          throw error;
        },
      },
      options,
    );
    this.#maintenance.watch('t', table);
  }

  /** @param rewriteMs how long the clock says that joining takes */
  static async open(options: MaintenanceOptions = {}, rewriteMs = 0): Promise<LongStream> {
    const holder: { stream?: LongStream } = {};
    const parquet: ParquetHandler = {
      readCheckpoint: async (storage, paths) =>
        JSON.parse(Buffer.from(await storage.read(paths[0]!)).toString()) as Action[],
      writeCheckpoint: async (storage, path, actions) => {
        const all = [...actions];
        const bytes = Buffer.from(JSON.stringify(all));
        await storage.put(path, bytes);
        return { rows: all.length, size: bytes.length };
      },
      rewrite: async ({ files }) => {
        const stream = holder.stream!;
        const size = files.reduce((sum, file) => sum + file.size, 0);
        stream.rewritten += size;
        stream.clock.advance(rewriteMs);
        return [await stream.#file(size)];
      },
    };
    const clock = new ManualClock();
    const configuration = tableProperties('embedded', schema, {
      files: 'interval 1 days',
      log: 'interval 2 days',
    });
    const env = { parquet, clock };
    const table = await DeltaLog.create(new MemoryStorage(clock), env, { schema, configuration });
    holder.stream = new LongStream(clock, table, options);
    return holder.stream;
  }

  /** Commits one file each time, `everyMs` apart. */
  async commits(count: number, everyMs: number, size: number): Promise<void> {
    for (let n = 0; n < count; n++) {
      this.clock.advance(everyMs);
      const transaction = this.table.begin().add(await this.#file(size));
      await transaction.commit({ operation: 'STREAMING UPDATE' });
      this.written += size;
      this.#maintenance.consider('t');
      // The clock stands still while others work.
      await this.#maintenance.idle();
      await this.table.settled();
      const { state, fileCount } = this.table.snapshot;
      this.mostLive = Math.max(this.mostLive, fileCount);
      this.mostRemoved = Math.max(this.mostRemoved, state.tombstones.size);
    }
  }

  async count(what: 'data' | 'checkpoints' | 'commits'): Promise<number> {
    let found = 0;
    for await (const { path } of this.table.storage.list('')) {
      const isLog = path.startsWith('_delta_log/');
      if (what === 'data' ? !isLog : path.endsWith(what === 'commits' ? '0.json' : '.checkpoint.parquet'))
        found++;
    }
    return found;
  }

  async #file(size: number): Promise<DataFile> {
    const path = `part-00000-${randomUUID()}.parquet`;
    await this.table.storage.put(path, new Uint8Array());
    const modificationTime = this.clock.now();
    return { path, partitionValues: {}, size, modificationTime, numRecords: 1, stats: '{"numRecords":1}' };
  }
}
