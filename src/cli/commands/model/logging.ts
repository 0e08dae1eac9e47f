/** Whether and where `model evaluate` and `model compare` log what they found. */
import type { Command } from 'commander';
import type { Logged, LogPlace } from '../../../operate/evaluation-log.js';
import type { Cli } from '../../cli.js';

export interface LoggingOptions {
  mlflow: boolean;
}

export function addLoggingOption(command: Command): Command {
  return command.option('--no-mlflow', 'do not log a run to MLflow');
}

type EvaluationLog = typeof import('../../../operate/evaluation-log.js');

/**
 * Logs where the lake says, or outside of a lake where `MLFLOW_TRACKING_URI` does.
 * @returns null where nothing is logged
 */
export async function logTo(
  cli: Cli,
  { mlflow }: LoggingOptions,
  write: (log: EvaluationLog, place: LogPlace) => Promise<Logged>,
): Promise<Logged | null> {
  if (!mlflow) return null;
  const log = await import('../../../operate/evaluation-log.js');
  const to = async (place: LogPlace | undefined) => {
    if (place === undefined) return null;
    const logged = await write(log, place).finally(() => place.store.close());
    if (logged.closed) cli.say(`mlflow run ${logged.run_id} at ${logged.uri}`);
    else cli.say(`not logged to MLflow at ${logged.uri}: ${logged.fault ?? 'it did not answer in time'}`);
    return logged;
  };
  if (cli.flags.lake === undefined && cli.findLakeDir() === undefined) {
    return to(log.folderLogPlace(cli.cwd, cli.env));
  }
  return cli.withLake(async (lake) => to(log.lakeLogPlace(lake)));
}
