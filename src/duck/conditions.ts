/**
 * What a condition in SQL says about single columns, as far as statistics can use it: comparisons with constants that are
 * joined by AND. Whatever else it says is left out, which only means that more files are read.
 */
import { parse } from 'lossless-json';
import type { Condition } from '../delta/index.js';
import type { DataType, StructType } from '../schema/column-types.js';
import type { DuckSession } from './session.js';
import { quoteString } from './sql-text.js';

type Value = string | number | bigint;

/** DuckDB's parse tree, as `json_serialize_sql` gives it. */
interface Node {
  class: string;
  type: string;
  column_names?: string[];
  children?: Node[];
  child?: Node;
  left?: Node;
  right?: Node;
  input?: Node;
  lower?: Node;
  upper?: Node;
  cast_type?: { id: string };
  value?: { type: { id: string; type_info?: { scale?: number } | null }; is_null: boolean; value?: unknown };
}

type Comparison = '=' | '<' | '<=' | '>' | '>=';

const comparisons: Readonly<Record<string, [straight: Comparison, turned: Comparison]>> = {
  COMPARE_EQUAL: ['=', '='],
  COMPARE_LESSTHAN: ['<', '>'],
  COMPARE_LESSTHANOREQUALTO: ['<=', '>='],
  COMPARE_GREATERTHAN: ['>', '<'],
  COMPARE_GREATERTHANOREQUALTO: ['>=', '<='],
};

/**
 * Conditions that are all true of every row for which `predicate` is true. Empty when nothing is understood.
 * @param alias under which the predicate may name the table; default: none
 */
export async function conditionsOf(
  session: DuckSession,
  predicate: string,
  schema: StructType,
  alias?: string,
): Promise<Condition[]> {
  const tree = await whereClause(session, predicate);
  const conditions: Condition[] = [];
  for (const node of tree === undefined ? [] : conjuncts(tree)) {
    const found = await new ConditionReader(session, schema, alias).read(node);
    conditions.push(...found);
  }
  return conditions;
}

/**
 * Pairs of columns that are equal in every pair of rows that a join condition lets through. Only names that are qualified by
 * the two aliases count.
 */
export async function equalColumns(
  session: DuckSession,
  on: string,
  [left, right]: readonly [string, string],
): Promise<[left: string, right: string][]> {
  const tree = await whereClause(session, on);
  return (tree === undefined ? [] : conjuncts(tree)).flatMap((node): [string, string][] => {
    if (node.type !== 'COMPARE_EQUAL') return [];
    const sides = [node.left?.column_names ?? [], node.right?.column_names ?? []];
    const named = (alias: string) =>
      sides.find(([first, ...rest]) => first === alias && rest.length === 1)?.[1];
    const [a, b] = [named(left), named(right)];
    return a === undefined || b === undefined ? [] : [[a, b]];
  });
}

async function whereClause(session: DuckSession, predicate: string): Promise<Node | undefined> {
  const text = await session.scalar<string>(
    `SELECT json_serialize_sql(${quoteString(`SELECT 1 WHERE (${predicate}\n)`)})`,
  );
  const parsed = parse(text, null, (digits) => {
    const number = Number(digits);
    return /^-?\d+$/.test(digits) && !Number.isSafeInteger(number) ? BigInt(digits) : number;
  }) as { statements?: { node: { where_clause?: Node } }[] };
  return parsed.statements?.length === 1 ? parsed.statements[0]!.node.where_clause : undefined;
}

function conjuncts(node: Node): Node[] {
  return node.type === 'CONJUNCTION_AND' ? (node.children ?? []).flatMap(conjuncts) : [node];
}

class ConditionReader {
  constructor(
    private readonly session: DuckSession,
    private readonly schema: StructType,
    private readonly alias: string | undefined,
  ) {}

  async read(node: Node): Promise<Condition[]> {
    const turn = comparisons[node.type];
    if (turn !== undefined) {
      const [straight, turned] = turn;
      const { left, right } = node;
      return [
        ...(await this.#compare(left!, straight, right!)),
        ...(await this.#compare(right!, turned, left!)),
      ];
    }
    switch (node.type) {
      case 'COMPARE_BETWEEN':
        return [
          ...(await this.#compare(node.input!, '>=', node.lower!)),
          ...(await this.#compare(node.input!, '<=', node.upper!)),
        ];
      case 'COMPARE_IN':
        return this.#among(node.children ?? []);
      case 'OPERATOR_IS_NULL':
        return this.#nullness(node.children?.[0], 'is null');
      case 'OPERATOR_IS_NOT_NULL':
        return this.#nullness(node.children?.[0], 'is not null');
      default:
        return [];
    }
  }

  async #compare(left: Node, op: Comparison, right: Node): Promise<Condition[]> {
    const column = this.#column(left);
    const value = column && (await this.#constant(right, column.type));
    return value === undefined ? [] : [{ column: column!.name, op, value }];
  }

  async #among([input, ...items]: Node[]): Promise<Condition[]> {
    const column = input && this.#column(input);
    if (column === undefined || items.length === 0) return [];
    const values: Value[] = [];
    for (const item of items) {
      const value = await this.#constant(item, column.type);
      if (value === undefined) return [];
      values.push(value);
    }
    return [{ column: column.name, op: 'in', values }];
  }

  #nullness(node: Node | undefined, op: 'is null' | 'is not null'): Condition[] {
    const column = node && this.#column(node);
    return column === undefined ? [] : [{ column: column.name, op }];
  }

  #column(node: Node): { name: string; type: DataType } | undefined {
    if (node.type !== 'COLUMN_REF') return undefined;
    const names = node.column_names ?? [];
    const own = names.length === 2 && names[0]!.toLowerCase() === this.alias?.toLowerCase();
    if (names.length !== 1 && !own) return undefined;
    return this.schema.fields.find(({ name }) => name.toLowerCase() === names.at(-1)!.toLowerCase());
  }

  /** In the form of statistics; undefined where DuckDB might compare otherwise than statistics do. */
  async #constant(node: Node, type: DataType): Promise<Value | undefined> {
    switch (type) {
      case 'string':
        return textOf(node);
      case 'byte':
      case 'short':
      case 'integer':
      case 'long':
      case 'double':
        return numberOf(node);
      case 'date': {
        const text = textOf(node) ?? (node.cast_type?.id === 'DATE' ? textOf(node.child) : undefined);
        return text !== undefined && /^\d{4}-\d\d-\d\d$/.test(text) ? text : undefined;
      }
      case 'timestamp':
      case 'timestamp_ntz':
        return this.#micros(node);
      default:
        return undefined;
    }
  }

  async #micros(node: Node): Promise<bigint | undefined> {
    const kind = node.cast_type?.id;
    const known =
      kind === undefined || /^(?:DATE|TIMESTAMP|TIMESTAMPWITHTIMEZONE|TIMESTAMP WITH TIME ZONE)$/.test(kind);
    const text = textOf(kind === undefined ? node : node.child);
    if (!known || text === undefined) return undefined;
    const through = kind === 'DATE' || kind === 'TIMESTAMP' ? kind : 'TIMESTAMPTZ';
    const micros = await this.session.scalar<number | string | null>(
      `SELECT epoch_us(try_cast(try_cast(${quoteString(text)} AS ${through}) AS TIMESTAMPTZ))`,
    );
    return micros === null ? undefined : BigInt(micros);
  }
}

function textOf(node: Node | undefined): string | undefined {
  const { value } = node ?? {};
  return value?.type.id === 'VARCHAR' && typeof value.value === 'string' ? value.value : undefined;
}

function numberOf({ value }: Node): number | bigint | undefined {
  if (value === undefined || value.is_null) return undefined;
  const { value: raw, type } = value;
  if (typeof raw !== 'number' && typeof raw !== 'bigint') return undefined;
  if (type.id !== 'DECIMAL') return raw;
  const scale = type.type_info?.scale ?? 0;
  return Number.isSafeInteger(raw) ? Number(`${raw}e-${scale}`) : undefined;
}
