/** Lazy data, as the server understands it: nothing runs until a relation is collected, written, or streamed. */
import type { MessageInitShape } from '@bufbuild/protobuf';
import type { RelationSchema } from './gen/spark/connect/relations_pb.js';

export type Relation = MessageInitShape<typeof RelationSchema>;
type Options = Readonly<Record<string, string>>;

/** `MAP_ARROW_ITER` of Spark's PythonEvalType: whole record batches in, record batches out. */
const mapArrowIter = 207;

/** A query as a relation, not yet seen by the server: its faults show when it is used. */
export function sqlRelation(query: string): Relation {
  return { relType: { case: 'sql', value: { query } } };
}

/** A table or view by name, or a Delta table by path as delta.`/path`. */
export function readTable(name: string, { streaming = false, options = {} }: ReadOptions = {}): Relation {
  const namedTable = { case: 'namedTable' as const, value: { unparsedIdentifier: name, options } };
  return { relType: { case: 'read', value: { isStreaming: streaming, readType: namedTable } } };
}

export interface ReadOptions {
  streaming?: boolean;
  options?: Options;
}

export interface ReadPathOptions extends ReadOptions {
  /** `delta`, `text`, `json`… */
  format: string;
  /** DDL or JSON; a stream over files must have one. */
  schema?: string;
}

/** Files or a Delta table by path. A stream reads one path. */
export function readPath(path: string | readonly string[], options: ReadPathOptions): Relation {
  const { format, schema, streaming = false, options: sourceOptions = {} } = options;
  const paths = typeof path === 'string' ? [path] : [...path];
  const source = { format, paths, options: sourceOptions, ...(schema !== undefined && { schema }) };
  const readType = { case: 'dataSource' as const, value: source };
  return { relType: { case: 'read', value: { isStreaming: streaming, readType } } };
}

/**
 * One SQL text over relations that it calls by name, without leaving views behind. For a moment the server makes views of
 * them in the session: what may run there at the same time must use other names.
 */
export function withRelations(query: string, references: Readonly<Record<string, Relation>>): Relation {
  const aliased = Object.entries(references).map(
    ([alias, input]): Relation => ({ relType: { case: 'subqueryAlias', value: { input, alias } } }),
  );
  return { relType: { case: 'withRelations', value: { root: sqlRelation(query), references: aliased } } };
}

/** Columns as SQL expressions: `project(r, ['id', 'length(text) AS n'])`. */
export function project(input: Relation, expressions: readonly string[]): Relation {
  return { relType: { case: 'project', value: { input, expressions: expressions.map(expression) } } };
}

/** The same rows, with aggregates (`count(*) AS rows`) counted on their way under a name; a stream's progress reports them for each batch. */
export function observe(input: Relation, name: string, aggregates: readonly string[]): Relation {
  return { relType: { case: 'collectMetrics', value: { input, name, metrics: aggregates.map(expression) } } };
}

export interface PythonMap {
  /** Shown in plans and errors. */
  name: string;
  /** Columns of the input that the function reads: Spark's optimizer takes away every other one, and with all of them the rows. */
  columns: readonly string[];
  /** Pickled `(function, type)`, which the worker unpickles as it is. */
  command: Uint8Array;
  /** Columns that come out, as DDL: `id string, score double`. */
  output: string;
  /** Python's `major.minor` on the workers; Spark refuses any other. */
  pythonVersion: string;
}

/** Every partition through a Python function from record batches to record batches. */
export function mapArrow(input: Relation, map: PythonMap): Relation {
  const { name, columns, command, output, pythonVersion } = map;
  const outputType = { kind: { case: 'unparsed' as const, value: { dataTypeString: output } } };
  const udf = { outputType, evalType: mapArrowIter, command, pythonVer: pythonVersion };
  const func = {
    functionName: name,
    deterministic: true,
    arguments: columns.map(attribute),
    function: { case: 'pythonUdf' as const, value: udf },
  };
  return { relType: { case: 'mapPartitions', value: { input, func } } };
}

function expression(text: string) {
  return { exprType: { case: 'expressionString' as const, value: { expression: text } } };
}

function attribute(name: string) {
  const unparsedIdentifier = `\`${name.replaceAll('`', '``')}\``;
  return { exprType: { case: 'unresolvedAttribute' as const, value: { unparsedIdentifier } } };
}
