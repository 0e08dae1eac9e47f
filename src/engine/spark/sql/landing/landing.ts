/**
 * The landing place as the rows of bronze, in Spark SQL: what `posts/canonical.ts` makes of a record, and for records that
 * give no post their fate and fault. Each stage is a SELECT that adds columns to the one before it: the record, its places,
 * its shape, the value that each column finds, its typed form, what no column took.
 */
import type { ColumnMapping } from '../../../../posts/canonical.js';
import type { FieldPath } from '../../../../posts/field-path.js';
import { type RecordColumn, recordColumns } from '../../../../posts/shapes/shape.js';
import { quoted } from '../../../../posts/sql/spark-literals.js';
import { fateColumn, faultColumn, fileColumn, positionColumn } from '../fate.js';
import { flatKey, isCased } from './flat.js';
import { htmlStages } from './html.js';
import { type LineOptions, rawJson, recordStages } from './lines.js';
import { Places } from './places.js';
import { leftColumn, leftStages } from './rescue.js';
import { authorAt, type Candidate, knownShapes, type ShapeSql, sameId } from './shapes.js';
import { adding, type Stage, type View, viewsOf } from './stage.js';
import { numberColumns, typeColumns, typedSql } from './typed.js';
import { fields, isString, items, stringOf } from './variant.js';

export interface LandingOptions extends LineOptions {
  mapping: ColumnMapping;
}

/** Settings that the session must have: of several members of one name the last one counts, as in JavaScript. */
export const landingSettings = { 'spark.sql.variant.allowDuplicateKeys': 'true' } as const;

/**
 * The views, each over the one before it, of which the last has the rows of the landing place: the columns of bronze,
 * without `processing_time`'s value, and the hidden columns that `compilePlan` expects of it.
 * @param name of the views, with a number behind it
 */
export function landingViews(options: LandingOptions, name: string): View[] {
  const places = new Places();
  const shapes = knownShapes(places);
  const flat = shapes.length;
  const columns = recordColumns.map((column) => columnSql(column, options.mapping[column], shapes, places));
  const keys = recordColumns.map((column) => flatKey(column, places, 'is_cased'));
  const redundant = [
    ...shapes.flatMap((shape, i) =>
      shape.redundant.map(({ path, when }) => ({ path, when: `shape = ${i} AND ${when}` })),
    ),
    { path: ['id'], when: `key_post_id = 'id_str' AND ${sameId(places.at('id'), places.at('id_str'))}` },
  ];
  const left = leftStages(
    [...columns.flatMap(({ paths }) => paths), ...redundant.map(({ path }) => path)],
    places,
  );
  const isHtml = `shape = ${shapes.findIndex((shape) => shape.name === 'mastodon')} AND ${isString(places.at('content'))}`;
  const each = (prefix: string, of: (column: RecordColumn, i: number) => string) =>
    Object.fromEntries(recordColumns.map((column, i) => [`${prefix}_${column}`, of(column, i)]));
  const takes = [
    ...columns.map(({ taken }) => taken),
    ...redundant.map(({ path, when }) => `CASE WHEN ${when} THEN ${places.number(path)} END`),
  ];
  const takesKey = recordColumns.map(
    (column) => `CASE WHEN at_${column} < 0 AND typed_${column} IS NOT NULL THEN key_${column} END`,
  );
  const recognised = shapes.map(({ recognises }, i) => `WHEN ${recognises} THEN ${i}`);
  return viewsOf(
    [
      ...recordStages(options),
      adding({ m: fields('v'), author_at: authorAt() }),
      adding(places.selected()),
      adding({
        is_cased: isCased,
        shape: `CASE WHEN v IS NULL THEN NULL ${recognised.join('\n')} ELSE ${flat} END`,
      }),
      adding({
        skipped: byShape(shapes, ({ skipped }) => skipped),
        bad: byShape(shapes, ({ fault }) => fault),
        ...each('key', (_, i) => `CASE WHEN shape = ${flat} THEN ${keys[i]} END`),
      }),
      ...htmlStages(`CASE WHEN ${isHtml} THEN ${stringOf(places.at('content'))} END`),
      adding(each('at', (_, i) => columns[i]!.choice)),
      adding(each('raw', (_, i) => columns[i]!.raw)),
      adding(Object.assign({}, ...recordColumns.map((column) => typeColumns(column, `raw_${column}`)))),
      adding(Object.assign({}, ...recordColumns.map((column) => numberColumns(column, `raw_${column}`)))),
      adding(each('typed', (column) => typedSql(column, `raw_${column}`))),
      adding({
        taken: `array(${takes.map((number) => `coalesce(${number}, -1)`).join(',\n')})`,
        taken_keys: `array(${takesKey.join(',\n')})`,
        is_post: 'fault IS NULL AND skipped IS NULL AND bad IS NULL',
      }),
      ...left,
      rowStage(shapes),
    ],
    options.source,
    name,
  );
}

/** The rows of bronze, and what becomes of a record that is none. */
function rowStage(shapes: readonly ShapeSql[]): Stage {
  const of = (column: RecordColumn) => `CASE WHEN is_post THEN typed_${column} END AS ${column}`;
  const withDefault = (column: RecordColumn, other: string) =>
    `CASE WHEN is_post THEN coalesce(typed_${column}, ${other}) END AS ${column}`;
  const positionId = "substr(sha2(concat(source_file, '\\n', position), 256), 1, 32)";
  const shapeName = `coalesce(${byShape(shapes, ({ name }) => quoted(name))}, 'file')`;
  const badRecord = `named_struct('rule', 'bad_record', 'reason', bad, 'raw', ${rawJson('to_json(v)')})`;
  return (from) => `SELECT ${[of('date'), of('user'), of('text'), of('sentiment')].join(', ')},
  source_file, CAST(NULL AS TIMESTAMP) AS processing_time, ${withDefault('post_id', positionId)}, ${of('seq')}, ${of('lang')},
  ${withDefault('source', shapeName)}, ${of('mentions')}, ${withDefault('op', "'create'")},
  CASE WHEN is_post THEN to_json(${leftColumn}) END AS _rescued_data,
  source_file AS ${fileColumn}, position AS ${positionColumn},
  CASE WHEN is_post THEN NULL WHEN skipped IS NOT NULL THEN 'dropped' ELSE 'quarantined' END AS ${fateColumn},
  CASE WHEN is_post OR skipped IS NOT NULL THEN NULL WHEN fault IS NULL THEN ${badRecord} ELSE fault END AS ${faultColumn}
FROM ${from}`;
}

interface ColumnSql {
  /** Every path that the column may take. */
  paths: FieldPath[];
  /** `at_…`: which candidate it is; -1 for a key of a flat record. */
  choice: string;
  /** `raw_…`: the value there. */
  raw: string;
  /** The number of the place that it uses up, or null. */
  taken: string;
}

/** One column: the user's own path goes before the shape of the record. */
function columnSql(
  column: RecordColumn,
  mapping: string | undefined,
  shapes: readonly ShapeSql[],
  places: Places,
): ColumnSql {
  const isList = column === 'mentions';
  const candidates: Candidate[] = [
    ...mappedCandidates(mapping, places).map((c) => (isList ? { ...c, value: items(c.value) } : c)),
    ...shapes.flatMap((shape, i) =>
      (shape.columns[column] ?? []).map((c) => ({ ...c, when: `shape = ${i} AND ${c.when}` })),
    ),
  ];
  const keyed = `try_element_at(m, key_${column})`;
  const choices = [
    ...candidates.map(({ when }, i) => `WHEN ${when} THEN ${i}`),
    `WHEN key_${column} IS NOT NULL THEN -1`,
  ];
  const values = [
    ...candidates.map(({ value }, i) => `WHEN ${i} THEN ${value}`),
    `WHEN -1 THEN ${isList ? items(keyed) : keyed}`,
  ];
  const numbers = candidates.flatMap(({ path }, i) =>
    path ? [`WHEN ${i} THEN ${places.number(path)}`] : [],
  );
  return {
    paths: candidates.flatMap(({ path }) => (path ? [path] : [])),
    choice: `CASE ${choices.join('\n')} END`,
    raw: `CASE at_${column} ${values.join('\n')} END`,
    taken:
      numbers.length > 0
        ? `CASE WHEN typed_${column} IS NOT NULL THEN CASE at_${column} ${numbers.join(' ')} END END`
        : 'CAST(NULL AS INT)',
  };
}

/** A key that really holds dots goes before nesting; a path that a record does not have leaves the column to its shape. */
function mappedCandidates(dotted: string | undefined, places: Places): Candidate[] {
  if (dotted === undefined) return [];
  const nested = dotted.split('.');
  return [[dotted], ...(nested.length > 1 ? [nested] : [])].map((path) => ({
    value: places.at(...path),
    path,
    when: `${places.at(...path)} IS NOT NULL`,
  }));
}

function byShape(shapes: readonly ShapeSql[], of: (shape: ShapeSql) => string | undefined): string {
  const cases = shapes.flatMap((shape, i) => {
    const sql = of(shape);
    return sql === undefined ? [] : [`WHEN ${i} THEN ${sql}`];
  });
  return `CASE shape ${cases.join('\n')} END`;
}
