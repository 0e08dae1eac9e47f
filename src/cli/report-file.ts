/** The file that `--html` names: asked for before the work that it is about, because that may take hours. */
import { access, constants, stat, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { MurmurError } from '../base/errors.js';
import type { Cli } from './cli.js';

export type WriteReport = (html: string) => Promise<void>;

/**
 * @param given as the user wrote it; without one nothing is written
 * @throws cli.report_unwritable (user), now or when it is written
 */
export async function reportFile(cli: Cli, given: string | undefined): Promise<WriteReport | undefined> {
  if (given === undefined) return undefined;
  const path = cli.path(given);
  const unwritable = (why: string) =>
    new MurmurError('cli.report_unwritable', `writing the report to ${path}: ${why}`, {
      fault: 'user',
      fix: 'name a file in a folder that is there and can be written',
    });
  const orRefuse = (e: Error) => {
    throw unwritable(e.message);
  };
  const there = await stat(path).catch(() => undefined);
  if (there?.isDirectory()) throw unwritable('it is a folder');
  await access(there === undefined ? dirname(path) : path, constants.W_OK).catch(orRefuse);
  return async (html) => {
    await writeFile(path, html).catch(orRefuse);
    cli.say(`report in ${given}`);
  };
}
