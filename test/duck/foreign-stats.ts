/** Statistics of a file in the forms in which different writers leave them, computed from its rows. */
import type { AddFile } from '../../src/delta/actions.js';
import { type DuckSession, quoteIdent, quoteString } from '../../src/duck/index.js';
import { dataFileUri } from '../../src/duck/parquet-location.js';
import type { StructType } from '../../src/schema/column-types.js';
import type { LocalStorage } from '../../src/storage/local.js';

/**
 * - ours: as written
 * - spark: times floored to the millisecond at both ends, NaN above all numbers and not written
 * - delta-rs: the same floor with an offset for `Z`, bounds that leave NaN out, decimals as doubles
 * - sparse: ours, with pieces missing
 * - none
 */
export const styles = ['ours', 'spark', 'delta-rs', 'sparse', 'none'] as const;
export type StatsStyle = (typeof styles)[number];

export async function statsInStyle(
  session: DuckSession,
  storage: LocalStorage,
  { fields }: StructType,
  file: AddFile,
  style: StatsStyle,
  dropped: number,
): Promise<string | undefined> {
  if (style === 'none') return undefined;
  if (style === 'ours') return file.stats;
  if (style === 'sparse') return withoutPiece(file.stats!, dropped);

  const inFile = fields.filter(({ name }) => !(name in file.partitionValues));
  const measures = inFile.flatMap(({ name, type }, i) => {
    const value = quoteIdent(name);
    const number = type === 'float' || type === 'double';
    const kept = number ? ` FILTER (WHERE NOT isnan(${value}))` : '';
    const text = (bound: string) => {
      if (type === 'timestamp' || type === 'timestamp_ntz') return `epoch_us(${bound})::VARCHAR`;
      return `(${bound})::VARCHAR`;
    };
    return [
      `${text(`min(${value})${kept}`)} AS min${i}`,
      `${text(`max(${value})${kept}`)} AS max${i}`,
      `count(*) - count(${value}) AS nulls${i}`,
      ...(number ? [`coalesce(bool_or(isnan(${value})), false) AS nan${i}`] : []),
    ];
  });
  const [row] = await session.rows<Record<string, string | null>>(
    `SELECT count(*) AS rows${measures.map((each) => `, ${each}`).join('')}
     FROM read_parquet(${quoteString(dataFileUri(session, storage, file))}, hive_partitioning=false)`,
  );
  const minValues: string[] = [];
  const maxValues: string[] = [];
  const nullCount: string[] = [];
  inFile.forEach(({ name, type }, i) => {
    const bound = (text: string | null | undefined) =>
      text === null || text === undefined || (style === 'spark' && String(row![`nan${i}`]) === 'true')
        ? undefined
        : boundText(String(type), text, style);
    const [min, max] = [bound(row![`min${i}`]), bound(row![`max${i}`])];
    if (min !== undefined) minValues.push(`${JSON.stringify(name)}:${min}`);
    if (max !== undefined) maxValues.push(`${JSON.stringify(name)}:${max}`);
    nullCount.push(`${JSON.stringify(name)}:${row![`nulls${i}`]}`);
  });
  return `{"numRecords":${row!.rows},"minValues":{${minValues}},"maxValues":{${maxValues}},"nullCount":{${nullCount}}}`;
}

function boundText(type: string, text: string, style: 'spark' | 'delta-rs'): string | undefined {
  if (type === 'boolean' || type === 'binary') return undefined;
  if (type === 'timestamp' || type === 'timestamp_ntz') {
    const micros = BigInt(text);
    const millis = micros / 1000n - (micros % 1000n < 0n ? 1n : 0n);
    const iso = new Date(Number(millis)).toISOString();
    if (type === 'timestamp_ntz') return JSON.stringify(iso.slice(0, -1));
    return JSON.stringify(style === 'spark' ? iso : `${iso.slice(0, -1)}+00:00`);
  }
  if (type === 'float' || type === 'double')
    return Number.isFinite(Number(text)) ? String(Number(text)) : undefined;
  if (type.startsWith('decimal')) return style === 'spark' ? text : String(Number(text));
  if (type === 'string' || type === 'date') return JSON.stringify(text);
  return text;
}

/** Leaves one piece out, or two. */
function withoutPiece(stats: string, which: number): string {
  const parts = ['numRecords', 'minValues', 'maxValues', 'nullCount'];
  // As text: a number that JSON.parse takes in may not be the one that was written.
  const renamed = (text: string, part: string) => text.replace(`"${part}":`, `"other_${part}":`);
  const once = renamed(stats, parts[which % 4]!);
  return which >= 12 ? renamed(once, parts[(which >> 2) % 4]!) : once;
}
