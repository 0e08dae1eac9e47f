/**
 * The tree of commands. Only names and summaries stand here; the file of a command is loaded when it is called or asked
 * for help, and loads what is heavy only when it acts, so `murmur --help` costs nothing.
 */
import { Command, Option } from 'commander';
import { MurmurError } from '../base/errors.js';
import { nearestName } from '../config/nearest-name.js';
import type { Cli } from './cli.js';

interface CommandFile {
  /** Adds arguments, options, sub-commands, an example and the action. */
  define(command: Command, cli: Cli): void;
}

interface Entry {
  name: string;
  summary: string;
  load(): Promise<CommandFile>;
}

const groups: Record<string, Entry[]> = {
  'Begin:': [
    {
      name: 'init',
      summary: 'make a lake: murmur.yaml and landing/',
      load: () => import('./commands/init.js'),
    },
    {
      name: 'demo',
      summary: 'a lake that fills itself, with its page',
      load: () => import('./commands/demo.js'),
    },
  ],
  'Run:': [
    { name: 'run', summary: 'run the pipeline of this lake', load: () => import('./commands/run.js') },
    { name: 'status', summary: 'what runs, how far it is', load: () => import('./commands/status.js') },
    { name: 'stop', summary: 'stop a stream, or the whole run', load: () => import('./commands/stop.js') },
    { name: 'start', summary: 'start a stopped stream again', load: () => import('./commands/start.js') },
    { name: 'wait', summary: 'wait until a table has a version', load: () => import('./commands/wait.js') },
    { name: 'dashboard', summary: 'the live page alone', load: () => import('./commands/dashboard.js') },
  ],
  'Look:': [
    { name: 'source', summary: 'what lies in the landing place', load: () => import('./commands/source.js') },
    { name: 'table', summary: 'tables: rows, history, export', load: () => import('./commands/table.js') },
    { name: 'sql', summary: 'ask the tables in SQL', load: () => import('./commands/sql.js') },
    { name: 'trace', summary: 'one post through every layer', load: () => import('./commands/trace.js') },
    {
      name: 'model',
      summary: 'models: try, judge, compare, register, promote',
      load: () => import('./commands/model.js'),
    },
  ],
  'Care:': [
    { name: 'config', summary: 'check or show murmur.yaml', load: () => import('./commands/config.js') },
    {
      name: 'doctor',
      summary: 'find what is wrong, and its fix',
      load: () => import('./commands/doctor.js'),
    },
    {
      name: 'tune',
      summary: 'how runs went, and what would make them faster',
      load: () => import('./commands/tune.js'),
    },
    {
      name: 'rebuild',
      summary: 'make a table and those behind it anew',
      load: () => import('./commands/rebuild.js'),
    },
    { name: 'reset', summary: 'drop tables and checkpoints', load: () => import('./commands/reset.js') },
    {
      name: 'spark',
      summary: 'a local Spark server to try Murmur on',
      load: () => import('./commands/spark.js'),
    },
  ],
};

export const commandNames: readonly string[] = Object.values(groups).flatMap((group) =>
  group.map(({ name }) => name),
);

/** The program with the one command defined that `argv` (without node and script) names. */
export async function buildProgram(argv: readonly string[], cli: Cli, version: string): Promise<Command> {
  const program = new Command('murmur')
    .description('Posts in a folder become scored Delta tables, exactly once, on one machine.')
    .version(version, '-V, --version', 'print the version')
    .enablePositionalOptions()
    .exitOverride()
    .configureOutput({
      writeOut: (text) => void cli.terminal.write(text),
      writeErr: (text) => void cli.terminal.write(text),
      outputError: () => {},
      getOutHelpWidth: () => Math.min(100, cli.terminal.width ?? 100),
      getOutHasColors: () => false,
    })
    .helpCommand(false)
    .addHelpText(
      'after',
      '\nFirst steps:\n  murmur init my-lake --sample 1000\n  cd my-lake\n  murmur run\n\nmurmur COMMAND --help tells more, with an example.',
    )
    .hook('preAction', (_program, command) => {
      cli.flags = command.optsWithGlobals();
    });
  const called = calledCommand(argv);
  if (called !== undefined && !commandNames.includes(called)) throw unknownCommand(called);
  for (const [heading, entries] of Object.entries(groups)) {
    for (const { name, summary, load } of entries) {
      const command = program
        .command(name)
        .summary(summary)
        .description(sentence(summary))
        .helpGroup(heading);
      if (name !== called) continue;
      (await load()).define(command, cli);
      addGlobalOptions(command);
    }
  }
  addGlobalOptions(program);
  return program.usage('COMMAND [options]').action(() => program.outputHelp());
}

function unknownCommand(name: string): MurmurError {
  const nearest = nearestName(name, commandNames);
  return new MurmurError('cli.usage', `unknown command ${name}`, {
    fault: 'user',
    fix: nearest === undefined ? 'see "murmur --help"' : `did you mean "murmur ${nearest}"?`,
  });
}

/** The first word that is neither an option nor the value of one. */
function calledCommand(argv: readonly string[]): string | undefined {
  for (let i = 0; i < argv.length; i++) {
    const word = argv[i]!;
    if (word === '-C' || word === '--lake') i++;
    else if (!word.startsWith('-')) return word;
  }
  return undefined;
}

/** They may stand before or behind the command's name. */
function addGlobalOptions(command: Command): void {
  for (const child of command.commands) if (command.parent !== null) addGlobalOptions(child);
  const options = [
    new Option('-C, --lake <dir>', 'folder of the lake; else searched upward'),
    new Option('--json', 'the result alone as JSON on stdout, failures as JSON on stderr'),
    new Option('-q, --quiet', 'results and failures only'),
    new Option('-v, --verbose', 'more detail, also about failures'),
  ];
  for (const option of options) command.addOption(option.helpGroup('Everywhere:'));
  command.helpOption('-h, --help', 'this text');
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}
