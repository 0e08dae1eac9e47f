/**
 * Exact statistics of a Parquet file that DuckDB has just written, as the text of `add.stats`.
 *
 * `COPY … (RETURN_STATS)` gives almost everything for nothing. What it gives is a bound only, or nothing, is read back
 * from the file: the maximum of texts longer than 256 bytes (cut and rounded up by the Parquet writer), and
 * the null counts of arrays and maps (counted by element there).
 */
import { formatStats } from '../delta/index.js';
import type { StatsColumn } from '../delta/stats-columns.js';
import type { DataType } from '../schema/column-types.js';
import { decimalParts } from '../schema/column-types.js';
import { columnAccess, columnKey } from './column-path.js';
import type { DuckSession } from './session.js';
import { quoteString } from './sql-text.js';
import { microsFromDuckText } from './timestamp-text.js';

/** One row of what `COPY … (RETURN_STATS)` returns. */
export interface CopyResult {
  filename: string;
  count: number;
  file_size_bytes: number;
  column_statistics: Record<string, Record<string, string>>;
}

interface Bounds {
  min?: unknown;
  max?: unknown;
}

/** A prefix longer than what a statistic keeps (32 characters, up to 64 for a maximum) decides as the whole text does. */
const textPrefix = 80;

export async function fileStatistics(
  session: DuckSession,
  file: CopyResult,
  columns: readonly StatsColumn[],
): Promise<string> {
  const bounds = new Map<StatsColumn, Bounds>();
  const nullCounts = new Map<StatsColumn, number>();
  const texts: StatsColumn[] = [];
  const unknownNulls: StatsColumn[] = [];
  for (const column of columns) {
    const found = file.column_statistics[columnKey(column.path)];
    if (typeof column.type !== 'string') unknownNulls.push(column);
    else if (found) {
      nullCounts.set(column, Number(found.null_count));
      if (Number(found.null_count) === file.count) continue;
      bounds.set(column, boundsOf(column.type, found));
      if (column.type === 'string') texts.push(column);
    }
  }
  const roundedTexts = await roundedColumns(session, file, texts, bounds);
  await readBack(session, file, roundedTexts, unknownNulls, bounds, nullCounts);
  return formatStats({
    numRecords: file.count,
    columns: columns.map((column) => {
      const nullCount = nullCounts.get(column);
      return { ...column, ...bounds.get(column), ...(nullCount === undefined ? {} : { nullCount }) };
    }),
  });
}

function boundsOf(type: DataType, found: Record<string, string>): Bounds {
  if (found.has_nan === 'true' || type === 'boolean' || type === 'binary') return {};
  const bounds: Bounds = {};
  const min = found.min === undefined ? undefined : boundValue(type, found.min);
  const max = found.max === undefined ? undefined : boundValue(type, found.max);
  if (min !== undefined) bounds.min = min;
  if (max !== undefined) bounds.max = max;
  return bounds;
}

/** DuckDB's text of a bound in the form `formatStats` takes; undefined for what a statistic cannot express. */
function boundValue(type: DataType, text: string): unknown {
  switch (type) {
    case 'long':
    case 'integer':
    case 'short':
    case 'byte':
      return BigInt(text);
    case 'float':
    case 'double': {
      const number = Number(text);
      return Number.isFinite(number) ? number : undefined;
    }
    case 'timestamp':
    case 'timestamp_ntz':
      return microsFromDuckText(text);
    case 'date':
      return /^\d{4}-\d\d-\d\d$/.test(text) ? text : undefined;
    default:
      return type === 'string' || decimalParts(type) ? text : undefined;
  }
}

/** Text columns whose maximum in the file's footer is not the greatest value itself. */
async function roundedColumns(
  session: DuckSession,
  file: CopyResult,
  texts: readonly StatsColumn[],
  bounds: ReadonlyMap<StatsColumn, Bounds>,
): Promise<StatsColumn[]> {
  if (texts.length === 0) return [];
  const rows = await session.rows<{ path: string }>(
    `SELECT DISTINCT path_in_schema AS path FROM parquet_metadata(${quoteString(file.filename)})
     WHERE NOT (min_is_exact AND max_is_exact)`,
  );
  const rounded = new Set(rows.map((r) => r.path));
  return texts.filter((column) => {
    const { min, max } = bounds.get(column) ?? {};
    return min === undefined || max === undefined || rounded.has(column.path.join(', '));
  });
}

async function readBack(
  session: DuckSession,
  file: CopyResult,
  texts: readonly StatsColumn[],
  nulls: readonly StatsColumn[],
  bounds: Map<StatsColumn, Bounds>,
  nullCounts: Map<StatsColumn, number>,
): Promise<void> {
  const measures = [
    ...texts.flatMap(({ path }, i) => {
      const column = columnAccess(path);
      return [
        `left(min(${column}), ${textPrefix}) AS min${i}`,
        `left(max(${column}), ${textPrefix}) AS max${i}`,
      ];
    }),
    ...nulls.map(({ path }, i) => `count(${columnAccess(path)}) AS present${i}`),
  ];
  if (measures.length === 0) return;
  const [row] = await session.rows(
    `SELECT ${measures.join(', ')} FROM read_parquet(${quoteString(file.filename)}, hive_partitioning=false)`,
  );
  texts.forEach((column, i) => {
    bounds.set(column, { min: row![`min${i}`], max: row![`max${i}`] });
  });
  nulls.forEach((column, i) => {
    nullCounts.set(column, file.count - Number(row![`present${i}`]));
  });
}
