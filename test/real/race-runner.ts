/** A process among others: `race-runner.ts append FOLDER NAME COMMITS` or `race-runner.ts optimize|delete FOLDER ROUNDS`. */
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { armFaultPoint } from '../../src/base/fault-point.js';
import { DuckDatabase, scanSql, writeParquet } from '../../src/duck/index.js';
import { DeltaTable, optimize as optimizeLog } from '../../src/table/index.js';
import { whenTold } from '../storage/child-processes.js';
import { append } from './jobs.js';

const [what, folder, ...rest] = process.argv.slice(2);
const duck = await DuckDatabase.open({ threads: 1 });

await whenTold(async () => {
  const result =
    what === 'append' ? await appendMany(rest[0]!, Number(rest[1])) : await meet(Number(rest[0]));
  await duck.close();
  return result;
});

async function appendMany(name: string, commits: number): Promise<number> {
  const table = await DeltaTable.open(folder!, { duck });
  for (let i = 0; i < commits; i++) await append(table, [Number(name) * 100_000 + i]);
  await table.close();
  return table.version;
}

/** In each round two processes plan on the same version and commit only when both have come so far. */
async function meet(rounds: number): Promise<string[]> {
  const outcomes: string[] = [];
  for (let round = 0; round < rounds; round++) {
    const table = await DeltaTable.open(join(folder!, String(round)), { duck });
    armFaultPoint('delta.commit.before_put', () => awaitBoth(round));
    outcomes.push(what === 'optimize' ? await optimizeAll(table) : await removeOdd(table));
    await table.close();
  }
  return outcomes;
}

async function optimizeAll(table: DeltaTable): Promise<string> {
  return (await optimizeLog(table.log, { targetSize: 2 ** 27 })).conflict === undefined
    ? 'optimized'
    : 'conflict';
}

/** Deletes the odd numbers, in one try. */
async function removeOdd({ log }: DeltaTable): Promise<string> {
  const session = await duck.connect();
  const transaction = log.begin();
  const { base } = transaction;
  const kept = `SELECT * FROM (${await scanSql(session, base, log.storage)}) WHERE n % 2 = 0`;
  const written = await writeParquet(session, { select: kept, storage: log.storage, schema: base.schema });
  await session.close();
  transaction.reads('table');
  for (const file of base.files) transaction.remove(file);
  for (const file of written) transaction.add(file);
  return (await transaction.commit({ operation: 'DELETE' })).outcome;
}

/** Both processes are at their commit when this returns. A fault point cannot wait for a promise. */
function awaitBoth(round: number): void {
  const sign = (who: string) => join(folder!, `${round}.${who}`);
  writeFileSync(sign(what!), '');
  const moment = new Int32Array(new SharedArrayBuffer(4));
  while (!existsSync(sign('optimize')) || !existsSync(sign('delete'))) Atomics.wait(moment, 0, 0, 1);
}
