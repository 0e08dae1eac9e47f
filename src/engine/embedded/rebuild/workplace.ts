/**
 * Where a rebuild works: `checkpoints/.rebuild/`, on a local disk.
 *
 *     plan            what is made anew, and the ids of the new queries
 *     tables/<name>/  logs of the new tables; their data files lie in the folders of the old ones
 *     checkpoints/    those of the new queries
 *     switch          decided: from now on the lake is the new one, and what is not yet so is made so
 *
 * Without `switch` all of it may be deleted at any time; with it and `plan`, all of it is needed until it
 * is done.
 */
import { z } from 'zod';
import { isMurmurError, MurmurError } from '../../../base/errors.js';
import type { Storage } from '../../../storage/storage.js';
import { clear } from '../clear.js';
import type { EmbeddedContext, Places } from '../context.js';
import { SideTable } from './side-table.js';

const format = 1;
const planSchema = z.object({
  format: z.literal(format),
  id: z.string(),
  /** Of everything that decides what the new tables hold: a build of another one cannot be gone on with. */
  fingerprint: z.string(),
  /** In the order in which posts pass them. */
  queries: z.array(z.object({ name: z.string(), table: z.string(), queryId: z.string() })).min(1),
  /** The first query keeps what its table held at this version, which its batches up to `batchId` wrote. */
  kept: z.object({ version: z.number().int(), batchId: z.number().int() }).nullable(),
});

export type RebuildPlan = z.infer<typeof planSchema>;

/** Tables that all queries write to. */
export const sharedTables = ['quarantine', 'progress'] as const;

export class RebuildWorkplace {
  readonly storage: Storage;

  constructor(readonly places: Pick<EmbeddedContext, 'tables' | 'checkpoints'>) {
    this.storage = places.checkpoints.at('.rebuild');
  }

  /** @throws engine.rebuild_corrupt (external) */
  async plan(): Promise<RebuildPlan | undefined> {
    let text: string;
    try {
      text = Buffer.from(await this.storage.read('plan')).toString('utf8');
    } catch (e) {
      if (isMurmurError(e, 'storage.not_found')) return undefined;
      throw e;
    }
    try {
      return planSchema.parse(JSON.parse(text));
    } catch (cause) {
      throw new MurmurError('engine.rebuild_corrupt', `reading ${this.storage.uri('plan')}`, {
        fault: 'external',
        fix: `use the Murmur that began the rebuild, or delete ${this.storage.root} if there is no file "switch" in it`,
        cause,
      });
    }
  }

  async begin(plan: Omit<RebuildPlan, 'format'>): Promise<RebuildPlan> {
    await this.clear();
    const whole = { format, ...plan } as const;
    await this.storage.put('plan', Buffer.from(`${JSON.stringify(whole)}\n`));
    return whole;
  }

  /** The commit point of a rebuild. */
  async decide(): Promise<void> {
    await this.storage.putIfAbsent('switch', new Uint8Array());
  }

  async isDecided(): Promise<boolean> {
    return (await this.storage.stat('switch')) !== undefined;
  }

  /** Deletes everything here, the plan first: without it the rest is litter, and a decision one that was carried out. */
  async clear(): Promise<void> {
    await this.storage.delete('plan');
    await clear(this.storage);
  }

  /** The new tables of a plan, and the old ones of all others. */
  tables({ queries }: RebuildPlan): Places {
    const made = new Set([...queries.map(({ table }) => table), ...sharedTables]);
    const { tables } = this.places;
    return { at: (name) => (made.has(name) ? this.table(name) : tables.at(name)) };
  }

  table(name: string): Storage {
    return new SideTable(this.places.tables.at(name), this.storage.at(`tables/${name}`));
  }

  get checkpoints(): Places {
    return { at: (name) => this.storage.at(`checkpoints/${name}`) };
  }
}
