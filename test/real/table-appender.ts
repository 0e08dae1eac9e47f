/** One of the processes that append to one table: `table-appender.ts LOCATION NAME COMMITS`. A row says who and which. */
import { DeltaTable } from '../../src/table/delta-table.js';
import { whenTold } from '../storage/child-processes.js';

const [location, name, commits] = process.argv.slice(2);
const table = await DeltaTable.open(location!, { threads: 1 });

await whenTold(async () => {
  for (let n = 0; n < Number(commits); n++) await table.append([{ who: name, n }]);
  await table.close();
  return Number(commits);
});
