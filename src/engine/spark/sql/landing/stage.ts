/**
 * A stage is a SELECT over the stage before it. Each becomes a view of its own: Spark analyses a view once, and a nest of
 * all stages over and over.
 */
export type Stage = (from: string) => string;

/** All columns, and these. */
export function adding(columns: Readonly<Record<string, string>>): Stage {
  const added = Object.entries(columns).map(([name, sql]) => `${sql} AS ${name}`);
  return (from) => `SELECT *, ${added.join(',\n')} FROM ${from}`;
}

export interface View {
  name: string;
  select: string;
}

/** The views of stages over a first relation: `NAME_0`, `NAME_1`, …; the last one is the result. */
export function viewsOf(stages: readonly Stage[], source: string, name: string): View[] {
  return stages.map((stage, i) => ({
    name: `${name}_${i}`,
    select: stage(i === 0 ? source : `${name}_${i - 1}`),
  }));
}
