/** Care for every table of a lake at the end of a run: for those who run it from cron. */
import type { OpenLake } from '../index.js';
import type { Cli } from './cli.js';
import { optimizedJson, optimizedText, optimizeOne } from './commands/table/optimize.js';
import { vacuumedJson, vacuumedText, vacuumOne } from './commands/table/vacuum.js';

/** What was done, as JSON and for people. */
export async function maintain(cli: Cli, open: OpenLake): Promise<{ maintained: object[]; text: string }> {
  const maintained: object[] = [];
  const lines: string[] = [];
  for (const name of await open.lake.tableNames()) {
    const cared = { table: open.lake.table(name), open };
    const optimized = await optimizeOne(cli, cared);
    const vacuumed = await vacuumOne(cli, cared);
    const { table: _, ...vacuum } = vacuumedJson(vacuumed) as { table: string };
    const { table, ...optimize } = optimizedJson(optimized) as { table: string };
    maintained.push({ table, optimize, vacuum });
    lines.push(optimizedText(optimized), vacuumedText(vacuumed));
  }
  return { maintained, text: lines.join('\n') };
}
