import { readFileSync } from 'node:fs';
import { text as readAll } from 'node:stream/consumers';
import { type Command, Option } from 'commander';
import { MurmurError } from '../../base/errors.js';
import type { Row } from '../../duck/json-value.js';
import type { ResultColumn } from '../../duck/session.js';
import type { SqlStream } from '../../lake/sql-desk.js';
import type { Cli } from '../cli.js';
import { wholeNumber } from '../option-values.js';
import { csvLine, printJsonRows, shownRows } from '../rows.js';
import { plural, span } from '../text/numbers.js';

interface SqlOptions {
  file?: string;
  csv?: boolean;
  parquet?: string;
  limit: number;
}

export function define(command: Command, cli: Cli): void {
  command
    .description(
      'Ask the tables in DuckDB SQL: bronze, silver, gold, application, quarantine, progress. They can be asked before they exist, and at any version: from gold version as of 3.',
    )
    .argument('[query]', 'the SQL; without it, from --file or stdin')
    .option('-f, --file <file>', 'read the SQL from a file')
    .addOption(new Option('--csv', 'as CSV').conflicts(['parquet', 'json']))
    .option('--parquet <file>', 'write the rows into a Parquet file')
    .option('--limit <n>', 'rows shown to people; --json and --csv give all', wholeNumber, 200)
    .addHelpText(
      'after',
      `
Functions: parse_timestamp(date), timestamp_error(date), mentions(text), clean_text(text), label_id(label)

Examples:
  murmur sql "select mention, positive, negative from application order by total desc limit 10"
  murmur sql "select count(*) from gold version as of 3" --json
  echo "from quarantine" | murmur sql --csv > quarantine.csv`,
    )
    .action((query: string | undefined, options: SqlOptions) => sql(cli, query, options));
}

async function sql(cli: Cli, query: string | undefined, o: SqlOptions): Promise<void> {
  const text = await textOf(cli, query, o.file);
  await cli.withLake(async ({ lake }) => {
    if (o.parquet !== undefined) {
      const file = cli.path(o.parquet);
      const rows = await lake.sqlToParquet(text, file);
      return cli.result({ file, rows }, () => `${plural(rows, 'row')} in ${o.parquet}`);
    }
    const began = performance.now();
    const stream = await lake.sqlStream(text);
    try {
      if (cli.json) await printJsonRows(cli.terminal, oneByOne(stream));
      else if (o.csv) await printCsv(cli, stream);
      else await printRows(cli, stream, o.limit, began);
    } finally {
      await stream.close();
    }
  });
}

/** @throws cli.usage (user) when there is no SQL anywhere; cli.unreadable (user) */
async function textOf(cli: Cli, query: string | undefined, file: string | undefined): Promise<string> {
  if (query !== undefined && query !== '-') return query;
  if (file !== undefined) {
    try {
      return readFileSync(cli.path(file), 'utf8');
    } catch (cause) {
      const { code } = cause as NodeJS.ErrnoException;
      throw new MurmurError('cli.unreadable', `reading ${file}: ${code}`, { fault: 'user', cause });
    }
  }
  if (query === undefined && cli.terminal.stdin.isTTY) {
    throw new MurmurError('cli.usage', 'no SQL given', {
      fault: 'user',
      fix: 'murmur sql "select … from gold", or -f FILE, or pipe it in',
    });
  }
  return readAll(cli.terminal.stdin);
}

async function* oneByOne({ rows }: SqlStream): AsyncIterable<Row> {
  for await (const chunk of rows) yield* chunk;
}

async function printCsv(cli: Cli, { columns, rows }: SqlStream): Promise<void> {
  const names = columns.map(({ name }) => name);
  await cli.terminal.print(csvLine(names));
  for await (const chunk of rows) {
    await cli.terminal.write(chunk.map((row) => `${csvLine(names.map((name) => row[name]))}\n`).join(''));
  }
}

async function printRows(cli: Cli, stream: SqlStream, limit: number, began: number): Promise<void> {
  const kept: Record<string, unknown>[] = [];
  let more = false;
  for await (const chunk of stream.rows) {
    const room = limit - kept.length;
    kept.push(...chunk.slice(0, room));
    more = chunk.length > room;
    if (more) break;
  }
  await cli.terminal.print(shownRows(cli.terminal, stream.columns as ResultColumn[], kept));
  const time = span(performance.now() - began);
  if (more)
    cli.say(`the first ${plural(kept.length, 'row')}; --limit N shows more, --csv and --json give all`);
  else if (cli.terminal.resultsAreSeen)
    cli.say(cli.terminal.paintSaid('dim', `${plural(kept.length, 'row')}, ${time}`));
}
