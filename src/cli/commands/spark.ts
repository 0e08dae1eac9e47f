import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { type Command, InvalidArgumentError } from 'commander';
import { MurmurError } from '../../base/errors.js';
import type { Cli } from '../cli.js';
import { wholeNumber } from '../option-values.js';
import { ProgressBar } from '../progress-bar.js';
import { pairs } from '../text/columns.js';
import { size } from '../text/numbers.js';

interface HomeOptions {
  home?: string;
}

interface UpOptions extends HomeOptions {
  port: number;
  cores: number;
  memory: string;
}

/** More helps little in trying, and a laptop has other things to do. */
const mostCores = 4;

export function define(command: Command, cli: Cli): void {
  command
    .description(
      'A local Spark Connect server with Delta, for trying Murmur on Spark. Needs Java 17 and Python 3.11 or newer; all else it fetches.',
    )
    .addHelpText('after', '\nExample:\n  murmur spark up');
  verb('up', 'Install Spark where it is missing (560 MB) and start the server in the background.')
    .option('--port <port>', 'where it listens, on 127.0.0.1 only', wholeNumber, 15002)
    .option('--cores <n>', 'cores that it uses; default: all, at most 4', atLeastOne)
    .option('--memory <size>', "of Spark's Java process, as Java writes it", javaMemory, '2g')
    .addHelpText(
      'after',
      '\nEnvironment:\n  MURMUR_SPARK_HOME  as --home\n  MURMUR_MAVEN_URL   a mirror of Maven Central, or mvn: have Maven fetch the jars' +
        '\n\nExample:\n  murmur spark up --memory 4g',
    )
    .action((options: UpOptions) => up(cli, options));
  verb('down', 'Stop the server and wait until it is gone.')
    .addHelpText('after', '\nExample:\n  murmur spark down')
    .action((options: HomeOptions) => down(cli, options));
  verb('status', 'Whether it runs, where, and what it takes.')
    .addHelpText('after', '\nExample:\n  murmur spark status')
    .action((options: HomeOptions) => status(cli, options));

  function verb(name: string, description: string): Command {
    return command
      .command(name)
      .description(description)
      .option('--home <dir>', 'the folder of all of it; default: .cache/spark of this lake');
  }
}

async function up(cli: Cli, { port, memory, ...o }: UpOptions): Promise<void> {
  const home = homeOf(cli, o);
  const { installSpark, startServer } = await import('../../spark-server/index.js');
  const progress = new Steps(cli);
  const cores = o.cores ?? Math.min(mostCores, availableParallelism());
  const telling = {
    env: cli.env,
    onStep: (what: string) => progress.begin(what),
    onBytes: (what: string, done: number, total: number) => progress.update(what, done, total),
  };
  const { server, started } = await startServer(
    runFolder(home),
    { port, cores, memory },
    { ...telling, install: () => installSpark(home, telling) },
  ).finally(() => progress.end());
  await cli.result({ ...server, started, home }, () => {
    const { paint } = cli.terminal;
    const state = started ? 'is up' : 'runs already';
    return [
      `${paint('green', '✔')} Spark ${server.spark} with Delta ${server.delta} ${state}: process ${server.pid}, ${server.cores} cores, ${server.memory}`,
      'for murmur.yaml:',
      `  engine: { spark: { remote: "${server.remote}" } }`,
    ].join('\n');
  });
  cli.next('murmur spark down', 'stops it');
}

async function down(cli: Cli, o: HomeOptions): Promise<void> {
  const { stopServer } = await import('../../spark-server/index.js');
  const stopped = await stopServer(runFolder(homeOf(cli, o)));
  await cli.result({ stopped: stopped ?? null }, () =>
    stopped === undefined ? 'no Spark runs here' : `Spark has stopped (process ${stopped.pid})`,
  );
}

async function status(cli: Cli, o: HomeOptions): Promise<void> {
  const home = homeOf(cli, o);
  const { serverStatus } = await import('../../spark-server/index.js');
  const server = await serverStatus(runFolder(home));
  await cli.result({ running: server !== undefined, ...server, home }, () => {
    if (server === undefined) return `no Spark runs here (${home}); "murmur spark up" starts it`;
    return pairs(
      [
        ['remote', server.remote],
        ['process', `${server.pid}, since ${server.startedAt}`],
        ['version', `Spark ${server.spark}, Delta ${server.delta}`],
        ['granted', `${server.cores} cores, ${server.memory}`],
        ['memory', `${size(server.rss)} in use, Python workers apart`],
        ['log', server.log],
      ],
      cli.terminal.paint,
    );
  });
}

/** One line a step; a bar below it while something arrives. */
class Steps {
  #bar: ProgressBar | undefined;
  readonly #cli: Cli;

  constructor(cli: Cli) {
    this.#cli = cli;
  }

  begin(what: string): void {
    this.end();
    this.#cli.say(what);
  }

  update(what: string, done: number, total: number): void {
    if (this.#bar?.what !== what) {
      this.end();
      this.#bar = new ProgressBar(this.#cli, what);
    }
    this.#bar.update(done, total, `${size(done)} of ${size(total)}`);
  }

  end(): void {
    this.#bar?.end();
    this.#bar = undefined;
  }
}

/** @throws cli.no_lake (user) */
function homeOf(cli: Cli, { home }: HomeOptions): string {
  const named = home ?? (cli.env.MURMUR_SPARK_HOME || undefined);
  if (named !== undefined) return cli.path(named);
  if (cli.findLakeDir() !== undefined) return join(cli.lakeDir(), '.cache', 'spark');
  throw new MurmurError('cli.no_lake', 'a local Spark outside of a lake: its folder is not said', {
    fault: 'user',
    fix: 'add --home DIR, set MURMUR_SPARK_HOME, or name a lake with -C DIR',
  });
}

function runFolder(home: string): string {
  return join(home, 'run');
}

function atLeastOne(text: string): number {
  const value = wholeNumber(text);
  if (value >= 1) return value;
  throw new InvalidArgumentError('Expected at least 1.');
}

function javaMemory(text: string): string {
  if (/^[1-9]\d*[mg]$/i.test(text)) return text.toLowerCase();
  throw new InvalidArgumentError('Expected a size as Java writes it, such as 2g or 1500m.');
}
