/**
 * What binds a stream's checkpoint to its table: the query's id stands in both. Spark would begin anew with a checkpoint that was
 * lost, and leave out batches that the table knows by their number; so what does not fit is refused before anything starts.
 */
import { MurmurError } from '../../base/errors.js';
import type { SparkSession } from './connect/index.js';
import { checkpointId, newestCheckpointed, newestCommits, type TableCommit } from './tables.js';

/** The second stream of a layer, which writes what its rules take out. */
export function quarantineStream(stream: string): string {
  return `${stream}_quarantine`;
}

export interface StreamPlaces {
  stream: string;
  /** The table's name, for messages. */
  table: string;
  /** The table, and the stream's checkpoint. */
  path: string;
  checkpoint: string;
}

/**
 * The id of a stream that may go on; undefined where it has not begun.
 * @param known the query id in the table's properties
 * @throws engine.checkpoint_missing, engine.checkpoint_mismatch (user), engine.checkpoint_corrupt (external), spark.*
 */
export async function streamId(
  session: SparkSession,
  { stream, table, path, checkpoint }: StreamPlaces,
  known: string | undefined,
): Promise<string | undefined> {
  const refused = (code: string, message: string) =>
    new MurmurError(code, message, {
      fault: 'user',
      fix: `put the checkpoint that belongs to the table back, or make ${table} and what is behind it anew: \`murmur rebuild ${stream}\``,
      context: { stream },
    });
  const found = await checkpointId(session, checkpoint);
  if (found === undefined && known === undefined) return undefined;
  if (found === undefined)
    throw refused(
      'engine.checkpoint_missing',
      `table ${table} exists, its checkpoint ${checkpoint} does not`,
    );
  if (known !== undefined && known !== found)
    throw refused(
      'engine.checkpoint_mismatch',
      `checkpoint ${checkpoint} belongs to query ${found}, table ${table} to query ${known}`,
    );
  // The table first: the stream of a controller that died may still run, and notes a batch after it was written.
  const written = epochOf(await newestCommitOf(session, path, found));
  const noted = await newestCheckpointed(session, checkpoint);
  // The table's history is kept for days only, so one that tells of no batch says something of a new table alone.
  if (written > noted + 1 || (known === undefined && noted > written))
    throw refused(
      'engine.checkpoint_mismatch',
      `checkpoint ${checkpoint} ends at batch ${noted}, table ${table} at batch ${written}`,
    );
  return found;
}

/** The newest commit of a query's batches, as far as the table's newest history tells. */
export async function newestCommitOf(
  session: SparkSession,
  path: string,
  queryId: string,
): Promise<TableCommit | undefined> {
  const commits = await newestCommits(session, path, 100);
  return commits.find(({ parameters }) => parameters.get('queryId') === queryId);
}

/** The number of the batch that a commit is of; −1 for none. */
export function epochOf(commit: TableCommit | undefined): number {
  return Number(commit?.parameters.get('epochId') ?? -1);
}
