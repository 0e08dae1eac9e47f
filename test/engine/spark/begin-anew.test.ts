/** Which checkpoints a stream may go on with, and how a query is taken back to its beginning: what a server is told, in order. */
import { describe, expect, it } from 'vitest';
import { MurmurError } from '../../../src/base/errors.js';
import type { QueryDefinition } from '../../../src/engine/engine.js';
import { clearQueries } from '../../../src/engine/spark/clear-query.js';
import type { SparkRow, SparkSession } from '../../../src/engine/spark/connect/index.js';
import type { SparkContext } from '../../../src/engine/spark/context.js';
import { streamId } from '../../../src/engine/spark/stream-identity.js';
import { medallion } from '../../../src/pipeline/medallion.js';
import { tables } from '../../../src/posts/tables.js';

/** What stands where, as a server tells it. */
class Server {
  readonly said: string[] = [];
  /** Of the checkpoint. */
  id: string | undefined;
  done = -1;
  /** Of the table: query and batch of its newest commit. */
  commit: [id: string, batch: number] | undefined;
  engine = 'spark';

  get session(): SparkSession {
    const answering: Pick<SparkSession, 'sql' | 'rows'> = {
      sql: async (text) => {
        this.said.push(text);
        return undefined as never;
      },
      rows: async (text) => this.#rows(String(text)),
    };
    return answering as SparkSession;
  }

  #rows(text: string): SparkRow[] {
    if (text.startsWith('DESCRIBE DETAIL'))
      return [{ properties: new Map([['murmur.engine', this.engine]]) }];
    if (text.startsWith('DESCRIBE HISTORY')) {
      const [queryId = '', epochId = -1] = this.commit ?? [];
      const parameters = new Map([
        ['queryId', queryId],
        ['epochId', String(epochId)],
      ]);
      return [
        {
          version: 7n,
          operation: 'STREAMING UPDATE',
          operationParameters: parameters,
          operationMetrics: null,
        },
      ];
    }
    if (this.id === undefined)
      throw new MurmurError('spark.failed', text, {
        fault: 'user',
        context: { errorClass: 'PATH_NOT_FOUND' },
      });
    return text.includes('/metadata') ? [{ value: `{"id":"${this.id}"}` }] : [{ batch: this.done }];
  }
}

const at = { stream: 'silver', table: 'silver', path: '/t/silver', checkpoint: '/c/silver' };

describe('a stream goes on', () => {
  const look = (server: Partial<Server>, known?: string) =>
    streamId(Object.assign(new Server(), server).session, at, known);
  const refused = (code: string) => ({ code, fix: expect.stringContaining('murmur rebuild silver') });

  it('with the checkpoint of its table, where the last batch may not be noted yet', async () => {
    expect(await look({})).toBeUndefined();
    expect(await look({ id: 'q', done: 4, commit: ['q', 4] }, 'q')).toBe('q');
    expect(await look({ id: 'q', done: 3, commit: ['q', 4] }, 'q')).toBe('q');
    // The table's history is younger than its last batch.
    expect(await look({ id: 'q', done: 9 }, 'q')).toBe('q');
    // The table did not get its name before the process died.
    expect(await look({ id: 'q', done: -1 })).toBe('q');
    expect(await look({ id: 'q', done: 0, commit: ['q', 0] })).toBe('q');
  });

  it('not without one, nor with that of another query', async () => {
    await expect(look({}, 'q')).rejects.toMatchObject(refused('engine.checkpoint_missing'));
    await expect(look({ id: 'p' }, 'q')).rejects.toMatchObject(refused('engine.checkpoint_mismatch'));
  });

  it('not with one that is older than the table, nor with one whose table is gone', async () => {
    const old = look({ id: 'q', done: 2, commit: ['q', 4] }, 'q');
    await expect(old).rejects.toMatchObject(refused('engine.checkpoint_mismatch'));
    await expect(look({ id: 'q', done: 2 })).rejects.toMatchObject(refused('engine.checkpoint_mismatch'));
  });
});

describe('queries that begin anew', () => {
  const plans = medallion({ neutralInTotal: false });
  const queries = (['silver', 'gold', 'application'] as const).map(
    (name): QueryDefinition => ({
      ...{ name, plan: plans[name], expectations: [], trigger: { kind: 'available-now' } },
      ...{ limits: { posts: 1, bytes: 1, files: 1 }, stamp: name === 'silver' ? { mentions: 'word' } : {} },
    }),
  );
  const context = {
    places: { landing: '/l', table: (name) => `/t/${name}`, checkpoint: (name) => `/c/${name}` },
    contracts: tables,
  } satisfies Partial<SparkContext> as unknown as SparkContext;

  it('lose checkpoint, rows and name in this order, and the last one goes first', async () => {
    const server = new Server();
    await clearQueries(server.session, context, queries, async (stream) => {
      server.said.push(`forget ${stream}`);
    });
    const steps = server.said.filter((text) => !text.startsWith('CREATE'));
    const of = (name: string, ...between: string[]) => [
      `forget ${name}`,
      `forget ${name}_quarantine`,
      ...between,
      `DELETE FROM delta.\`/t/quarantine\` WHERE stream = '${name}'`,
      expect.stringContaining("'murmur.begunBehind' = '7'"),
      `ALTER TABLE delta.\`/t/${name}\` UNSET TBLPROPERTIES IF EXISTS ('murmur.queryId')`,
    ];
    expect(steps).toEqual([
      // A merge without a checkpoint replaces its rows in one commit.
      ...of('application'),
      ...of('gold', 'DELETE FROM delta.`/t/gold`'),
      ...of('silver', 'DELETE FROM delta.`/t/silver`'),
    ]);
    expect(steps.at(-2)).toContain("'murmur.mentions' = 'word'");
  });

  it('keep their rows where the checkpoint cannot be deleted, or another engine writes them', async () => {
    const kept = Object.assign(new Server(), { id: 'q' });
    const clear = (server: Server) => clearQueries(server.session, context, queries, async () => undefined);
    await expect(clear(kept)).rejects.toMatchObject({ code: 'spark.checkpoint_kept', fault: 'user' });
    const others = Object.assign(new Server(), { engine: 'embedded' });
    await expect(clear(others)).rejects.toMatchObject({ code: 'engine.other_engine' });
    for (const { said } of [kept, others])
      expect(said.filter((text) => !text.startsWith('CREATE'))).toEqual([]);
  });
});
