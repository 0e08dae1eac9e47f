/** Storage: many small files where a few would do, each with its own place in the log, its own open and its own footer. */
import type { Signals, TableSignal } from '../../../engine/signals.js';
import { type Finding, type Remedy, seen, setting, sparkConf } from '../finding.js';

/** A stream always has some small files: so many do not matter. */
const leastFiles = 100;
/** Joining that makes fewer files of them than one of ten is worth it. */
const gain = 10;
const usualEffort = '10%';

export function storage(signals: Signals): Finding[] {
  return signals.tables.filter(isScattered).map((table) => ({
    problem: 'storage',
    where: table.table,
    seen: [
      seen('small files', table.smallFiles, 'count', leastFiles),
      seen('size of such a file', table.smallBytes / table.smallFiles, 'bytes', table.targetSize / 2),
      seen('files that would do', filesNeeded(table)),
    ],
    advice: adviceOf(signals),
    remedies: [{ kind: 'optimize', table: table.table, zOrderBy: [] }, ...causes(signals)],
  }));
}

function isScattered(table: TableSignal): boolean {
  return table.smallFiles >= leastFiles && table.smallFiles >= gain * filesNeeded(table);
}

function filesNeeded({ smallBytes, targetSize }: TableSignal): number {
  return Math.max(1, Math.ceil(smallBytes / targetSize));
}

/** Why nobody joins them. */
function causes({ joiningEffort, conf }: Signals): Remedy[] {
  if (joiningEffort === 0) return [setting('maintain.effort', 0, usualEffort)];
  return ['spark.databricks.delta.autoCompact.enabled', 'spark.databricks.delta.optimizeWrite.enabled']
    .filter((key) => conf.get(key) === 'false')
    .map((key) => sparkConf(conf, key, 'true'));
}

function adviceOf(signals: Signals): string {
  return causes(signals).length > 0
    ? 'Join them, and let later ones be joined as they come: it is switched off.'
    : 'Join them: whoever reads the table opens every one of them.';
}
