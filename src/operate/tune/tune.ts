/**
 * Tuning: what the runs of a lake left behind is held against rules for the five problems (spill, skew, shuffle, storage,
 * serialization) and backlog. Nothing is measured for it and nothing runs: it reads, and says what to change.
 */
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseConfig } from '../../config/parse.js';
import { writeSettings } from '../../config/yaml-edit.js';
import type { Signals } from '../../engine/signals.js';
import { configName } from '../../lake/paths.js';
import { lakeSignals } from '../../pipeline/lake-signals.js';
import type { OpenLake } from '../../pipeline/open.js';
import { spec } from '../../pipeline/spec.js';
import { grantedCores } from '../../scoring/granted-cores.js';
import { optimizeCared } from '../optimize.js';
import { distinctRemedies, type Finding, type Remedy } from './finding.js';
import { backlog } from './rules/backlog.js';
import { serialization } from './rules/serialization.js';
import { shuffle } from './rules/shuffle.js';
import { skew } from './rules/skew.js';
import { spill } from './rules/spill.js';
import { storage } from './rules/storage.js';

export interface Tuning {
  findings: Finding[];
  /** What could not be looked at. */
  unseen: Signals['unseen'];
  /** What was done. */
  applied: Remedy[];
  /** What `apply` cannot do, and why. */
  advised: { remedy: Remedy; why: string }[];
}

export interface TuneOptions {
  /** Does what the findings propose: writes murmur.yaml, joins files. */
  apply?: boolean;
  /** Cores of this machine. Default: those granted. */
  cores?: number;
}

/** Every rule, the worst problems first. */
export function findProblems(signals: Signals): Finding[] {
  return [spill, skew, shuffle, storage, serialization, backlog].flatMap((rule) => rule(signals));
}

/** @throws spark.*, config.missing, config.not_writable (user), delta.conflict (external) */
export async function tune(open: OpenLake, options: TuneOptions = {}): Promise<Tuning> {
  const { lake } = open;
  const signals = await lakeSignals({
    lake,
    spec: open.spec,
    cores: options.cores ?? grantedCores(),
    since: configChangedAt(lake.dir),
  });
  const findings = findProblems(signals);
  const remedies = distinctRemedies(findings);
  const advised = remedies.flatMap((remedy) => {
    const why = whyNot(open, remedy);
    return why === undefined ? [] : [{ remedy, why }];
  });
  const applied =
    options.apply === true
      ? remedies.filter((remedy) => !advised.some((each) => each.remedy === remedy))
      : [];
  await apply(open, applied);
  return { findings, unseen: signals.unseen, applied, advised };
}

/** What ran before went by other settings. A lake that is defined in code has no such time. */
function configChangedAt(dir: string): number {
  return statSync(join(dir, configName), { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

/** Why `apply` cannot do it; undefined where it can. */
function whyNot({ lake, env }: OpenLake, remedy: Remedy): string | undefined {
  if (remedy.kind === 'optimize') return undefined;
  if (remedy.kind === 'server') return 'whoever starts the cluster sets it';
  const text = configText(lake.dir);
  if (text === undefined) return `there is no ${configName} here`;
  const parsed = parseConfig(spec, { file: { name: configName, text }, env });
  const origin = parsed.ok ? parsed.originOf(remedy.path) : undefined;
  return origin === undefined || origin.startsWith(configName)
    ? undefined
    : `${origin} goes before ${configName}`;
}

/** Settings first, in one write: joining files may take long. */
async function apply(open: OpenLake, remedies: readonly Remedy[]): Promise<void> {
  const settings = remedies.filter((remedy) => remedy.kind === 'setting');
  const { dir } = open.lake;
  if (settings.length > 0) {
    const written = settings.map(({ path, to }) => ({ path, value: to }));
    writeFileSync(join(dir, configName), writeSettings(configText(dir)!, written));
  }
  for (const remedy of remedies) {
    if (remedy.kind !== 'optimize') continue;
    const { table, zOrderBy } = remedy;
    const order = zOrderBy.length === 0 ? {} : { zOrderBy: [...zOrderBy] };
    await optimizeCared({ table: open.lake.table(table), open }, order);
  }
}

function configText(dir: string): string | undefined {
  const file = join(dir, configName);
  return statSync(file, { throwIfNoEntry: false }) === undefined ? undefined : readFileSync(file, 'utf8');
}
