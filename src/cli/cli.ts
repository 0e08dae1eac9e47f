/** What every command has at hand: where it was called, how it answers, and the lake that it means. */
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { MurmurError } from '../base/errors.js';
import type { OpenLake } from '../index.js';
import { configName, findLake } from '../lake/paths.js';
import { absoluteLocation } from '../storage/open-storage.js';
import { type Surroundings, Terminal } from './terminal.js';

/** Options that every command takes. */
export interface GlobalFlags {
  lake?: string;
  json?: boolean;
  quiet?: boolean;
  verbose?: boolean;
}

export class Cli {
  readonly terminal: Terminal;
  readonly env: Surroundings['env'];
  readonly cwd: string;
  readonly interrupts: Surroundings['interrupts'];
  /** What the process ends with when nothing failed. */
  exitCode = 0;
  /** Set by the program before a command acts. */
  flags: GlobalFlags = {};

  constructor(surroundings: Surroundings) {
    this.terminal = new Terminal(surroundings);
    this.env = surroundings.env;
    this.cwd = surroundings.cwd;
    this.interrupts = surroundings.interrupts;
  }

  get json(): boolean {
    return this.flags.json === true;
  }

  get verbose(): boolean {
    return this.flags.verbose === true;
  }

  /** A path as the user wrote it. */
  path(written: string): string {
    return resolve(this.cwd, written);
  }

  /** The same for what may also be `s3://bucket/prefix`. */
  location(written: string): string {
    return absoluteLocation(written, this.cwd);
  }

  /** The lake's folder: `--lake`, else the nearest one upward. */
  findLakeDir(): string | undefined {
    return this.flags.lake === undefined ? findLake(this.cwd) : this.path(this.flags.lake);
  }

  /** @throws cli.no_lake (user) */
  lakeDir(): string {
    const dir = this.findLakeDir();
    if (dir !== undefined && existsSync(join(dir, configName))) return dir;
    const where = dir ?? `${this.cwd} or above it`;
    throw new MurmurError('cli.no_lake', `looking for a lake: no ${configName} in ${where}`, {
      fault: 'user',
      fix: 'make a lake with "murmur init my-lake", or name one with -C DIR',
    });
  }

  /** Opens the lake for one piece of work and closes it whatever happens. */
  async withLake<T>(work: (lake: OpenLake) => Promise<T>, overrides?: object): Promise<T> {
    const dir = this.lakeDir();
    const { openLake } = await import('../pipeline/open.js');
    const lake = await openLake(dir, { env: this.env, ...(overrides === undefined ? {} : { overrides }) });
    try {
      return await work(lake);
    } finally {
      await lake.close();
    }
  }

  /** The command's result: as JSON with `--json`, else as text for people. */
  async result(value: unknown, text: () => string): Promise<void> {
    await this.terminal.print(this.json ? JSON.stringify(value) : text());
  }

  /** Something for people beside the result; silent with `--json` and `--quiet`. */
  say(text: string): void {
    if (!this.json && !this.flags.quiet) this.terminal.say(text);
  }

  /** What to do next: one line, only where somebody reads along. */
  next(command: string, why: string): void {
    if (!this.terminal.canRewrite || !this.terminal.resultsAreSeen) return;
    const { paintSaid } = this.terminal;
    this.say(`${paintSaid('dim', 'next:')} ${paintSaid('cyan', command)}  ${paintSaid('dim', why)}`);
  }

  /** @throws cli.not_confirmed (user) when the answer is not yes, or nobody is there to answer */
  async confirm(question: string, o: { yes: boolean | undefined }): Promise<void> {
    if (o.yes) return;
    if (!this.terminal.canAsk || this.json) {
      throw new MurmurError('cli.not_confirmed', `${question} nobody is there to answer`, {
        fault: 'user',
        fix: 'add --yes',
      });
    }
    const answer = await this.terminal.ask(`${question} [y/N] `);
    if (/^y(es)?$/i.test(answer.trim())) return;
    throw new MurmurError('cli.not_confirmed', 'nothing was changed', { fault: 'user' });
  }
}
