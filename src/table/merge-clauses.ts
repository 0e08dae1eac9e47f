/** What a merge does with rows: clauses as users write them, checked, and as SQL. The first that applies to a row decides. */
import { MurmurError } from '../base/errors.js';
import { quoteIdent } from '../duck/sql-text.js';
import { type Assignments, checkedAssignments } from './assignments.js';
import type { Attempt } from './attempt.js';
import type { StagedInput } from './input.js';

/** For rows of the table that match a row of the source. Expressions may name `target` and `source`. */
export interface WhenMatched {
  /** A condition in SQL; default: always. */
  where?: string;
  /** New values; `'all'`: every column that the source has. */
  update?: Assignments | 'all';
  delete?: boolean;
}

/** For rows of the source that match none of the table. Expressions may name `source`. */
export interface WhenNotMatched {
  where?: string;
  /** Values of the new row, null where not given; `'all'`: every column that the source has. */
  insert: Assignments | 'all';
}

/** For rows of the table that match none of the source. Expressions may name `target`. */
export interface WhenNotMatchedBySource {
  where?: string;
  update?: Assignments;
  delete?: boolean;
}

export interface MergeClauses {
  whenMatched?: readonly WhenMatched[];
  whenNotMatched?: readonly WhenNotMatched[];
  whenNotMatchedBySource?: readonly WhenNotMatchedBySource[];
}

/** A clause, ready for SQL. */
export interface Clause {
  where: string | undefined;
  /** Undefined: the row goes. */
  values: ReadonlyMap<string, string> | undefined;
}

export interface CheckedClauses {
  matched: Clause[];
  notMatched: Clause[];
  bySource: Clause[];
}

export function usesAll({ whenMatched = [], whenNotMatched = [] }: MergeClauses): boolean {
  return (
    whenMatched.some(({ update }) => update === 'all') ||
    whenNotMatched.some(({ insert }) => insert === 'all')
  );
}

/**
 * @param from the relations `target` and `source`, as items of a FROM clause
 * @throws table.bad_options (user), table.column_unknown (user), duck.type_mismatch (user), duck.sql_error (user)
 */
export async function checkClauses(
  { session, schema }: Attempt,
  clauses: MergeClauses,
  { columns }: StagedInput,
  from: { target: string; source: string },
): Promise<CheckedClauses> {
  const { whenMatched = [], whenNotMatched = [], whenNotMatchedBySource = [] } = clauses;
  if (whenMatched.length + whenNotMatched.length + whenNotMatchedBySource.length === 0) {
    throw badOptions('it has no clause', 'give whenMatched, whenNotMatched or whenNotMatchedBySource');
  }
  const all = Object.fromEntries(columns.map(({ name }) => [name, `source.${quoteIdent(name)}`]));
  const both = `${from.target}, ${from.source}`;
  const checked = async (set: Assignments | 'all', over: string) =>
    checkedAssignments(session, set === 'all' ? all : set, schema, over);
  const change = async (clause: WhenMatched, over: string): Promise<Clause> => {
    if ((clause.update === undefined) === !clause.delete) {
      throw badOptions('a clause says neither update nor delete, or both', 'give each clause one of the two');
    }
    return { where: clause.where, values: clause.update && (await checked(clause.update, over)) };
  };
  const result: CheckedClauses = { matched: [], notMatched: [], bySource: [] };
  for (const clause of whenMatched) result.matched.push(await change(clause, both));
  for (const clause of whenNotMatchedBySource) result.bySource.push(await change(clause, from.target));
  for (const { where, insert } of whenNotMatched) {
    result.notMatched.push({ where, values: await checked(insert, from.source) });
  }
  return result;
}

/** The number of the first clause that applies, counted from `first`; null where none does. */
export function clauseNumber(clauses: readonly Clause[], first = 0): string {
  if (clauses.length === 0) return 'CAST(NULL AS INTEGER)';
  const cases = clauses.map(({ where = 'true' }, i) => `WHEN (${where}\n) THEN ${first + i}`);
  return `CASE ${cases.join(' ')} END`;
}

/** The value of a column by the number of the clause. */
export function valueByClause(
  clauses: readonly Clause[],
  number: string,
  column: string,
  otherwise: string,
): string {
  const cases = clauses.flatMap(({ values }, i) => {
    const value = values?.get(column);
    return value === undefined ? [] : [`WHEN ${i} THEN ${value}`];
  });
  const chosen = cases.length === 0 ? otherwise : `CASE ${number} ${cases.join(' ')} ELSE ${otherwise} END`;
  return `${chosen} AS ${quoteIdent(column)}`;
}

/** As they stand in the commit. */
export function predicatesOf(
  clauses: readonly { where?: string; delete?: boolean; insert?: unknown }[],
): unknown[] {
  return clauses.map((clause) => ({
    ...(clause.where === undefined ? {} : { predicate: clause.where }),
    actionType: clause.insert !== undefined ? 'insert' : clause.delete ? 'delete' : 'update',
  }));
}

function badOptions(why: string, fix: string): MurmurError {
  return new MurmurError('table.bad_options', `merging: ${why}`, { fault: 'user', fix });
}
