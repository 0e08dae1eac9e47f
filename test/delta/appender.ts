/** One of the processes that append to one table: `appender.ts FOLDER NAME COMMITS`. */
import { DeltaLog } from '../../src/delta/index.js';
import { LocalStorage } from '../../src/storage/local.js';
import { whenTold } from '../storage/child-processes.js';
import { append, testEnv } from './rows.js';

const [folder, name, commits] = process.argv.slice(2);
const table = await DeltaLog.open(new LocalStorage(folder!), testEnv());

await whenTold(async () => {
  for (let i = 0; i < Number(commits); i++) await append(table, Number(name) * 1000 + i);
  await table.settled();
  return table.snapshot.version;
});
