/** What tuning finds, with the numbers that it saw and what would mend it. */

export type Problem = 'spill' | 'skew' | 'shuffle' | 'storage' | 'serialization' | 'backlog';

export interface Finding {
  problem: Problem;
  /** The stream, table or work that has it. */
  where: string;
  seen: readonly Seen[];
  /** One sentence. */
  advice: string;
  /** What would mend it; none where it takes people. */
  remedies: readonly Remedy[];
}

/** A number that was seen. */
export interface Seen {
  what: string;
  value: number;
  unit: 'count' | 'bytes' | 'ms' | 'share' | 'times';
  /** The value is a fault beyond (or, where it is smaller, below) this; null for numbers that explain others. */
  limit: number | null;
}

export type Remedy =
  /** A setting of murmur.yaml. */
  | { kind: 'setting'; path: readonly string[]; from: SettingValue | null; to: SettingValue }
  /** Joins a table's small files, in Z-order where columns are named. */
  | { kind: 'optimize'; table: string; zOrderBy: readonly string[] }
  /** A setting that only whoever starts the cluster can make. */
  | { kind: 'server'; key: string; to: string };

export type SettingValue = string | number | boolean;

export function seen(
  what: string,
  value: number,
  unit: Seen['unit'] = 'count',
  limit: number | null = null,
): Seen {
  return { what, value, unit, limit };
}

export function setting(path: string, from: SettingValue | null, to: SettingValue): Remedy {
  return { kind: 'setting', path: path.split('.'), from, to };
}

/** A setting of the cluster's session. */
export function sparkConf(conf: ReadonlyMap<string, string>, key: string, to: string | number): Remedy {
  return {
    kind: 'setting',
    path: ['engine', 'spark', 'conf', key],
    from: conf.get(key) ?? null,
    to: String(to),
  };
}

/** Of remedies that were proposed twice the first stays. */
export function distinctRemedies(findings: readonly Finding[]): Remedy[] {
  const remedies = new Map<string, Remedy>();
  for (const remedy of findings.flatMap((finding) => finding.remedies)) {
    const key = remedyKey(remedy);
    if (!remedies.has(key)) remedies.set(key, remedy);
  }
  return [...remedies.values()];
}

function remedyKey(remedy: Remedy): string {
  switch (remedy.kind) {
    case 'setting':
      return JSON.stringify(remedy.path);
    case 'optimize':
      return `optimize ${remedy.table}`;
    case 'server':
      return `server ${remedy.key}`;
  }
}
