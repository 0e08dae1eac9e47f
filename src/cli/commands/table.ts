import type { Command } from 'commander';
import type { Cli } from '../cli.js';
import { defineChanges } from './table/changes.js';
import { defineCount } from './table/count.js';
import { defineDescribe } from './table/describe.js';
import { defineExport } from './table/export.js';
import { defineHead } from './table/head.js';
import { defineHistory } from './table/history.js';
import { defineLs } from './table/ls.js';
import { defineOptimize } from './table/optimize.js';
import { defineRestore } from './table/restore.js';
import { defineVacuum } from './table/vacuum.js';

export function define(command: Command, cli: Cli): void {
  command.description(
    'Look at the tables of this lake, or with --path at any Delta table; and care for them.',
  );
  command.addHelpText('after', '\nExample:\n  murmur table head gold --limit 5');
  for (const defineVerb of [
    defineLs,
    defineCount,
    defineHead,
    defineHistory,
    defineDescribe,
    defineExport,
    defineChanges,
    defineOptimize,
    defineVacuum,
    defineRestore,
  ]) {
    defineVerb(command, cli);
  }
}
