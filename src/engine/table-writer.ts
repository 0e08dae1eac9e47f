/** Who may write a table: one engine, the query that made it, and only with the options that its rows were made with. */
import { MurmurError } from '../base/errors.js';
import { type EngineName, engineProperty, queryIdProperty, stampProperty } from './table-properties.js';

export interface TableWriter {
  stream: string;
  /** The table's name, for messages. */
  table: string;
  stamp: Readonly<Record<string, string>>;
}

/**
 * @param configuration the table's properties
 * @throws engine.other_engine, engine.foreign_table, engine.stamp_differs (all user)
 */
export function checkWriter(
  engine: EngineName,
  configuration: Readonly<Record<string, string>>,
  { stream, table, stamp }: TableWriter,
): void {
  const writer = configuration[engineProperty];
  if (writer !== undefined && writer !== engine)
    throw new MurmurError(
      'engine.other_engine',
      `table ${table} is written by the ${writer} engine, not by ${engine}`,
      {
        fault: 'user',
        fix: 'set `engine` in murmur.yaml back to the one that wrote the tables, or begin again with `murmur reset`',
      },
    );
  if (configuration[queryIdProperty] === undefined)
    throw new MurmurError('engine.foreign_table', `table ${table} was not created by the query ${stream}`, {
      fault: 'user',
      fix: 'point `tables` in murmur.yaml at a folder of its own',
    });
  for (const [key, value] of Object.entries(stamp)) {
    const stamped = configuration[stampProperty(key)];
    if (stamped !== undefined && stamped !== value)
      throw new MurmurError(
        'engine.stamp_differs',
        `table ${table} was written with ${key} = ${stamped}; murmur.yaml now says ${value}`,
        {
          fault: 'user',
          fix: `make it anew with \`murmur rebuild ${stream}\`, or set ${key} back to ${stamped}`,
          context: { key, stamped, configured: value },
        },
      );
  }
}
