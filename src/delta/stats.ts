import type { DataType } from '../schema/column-types.js';

export interface ColumnStats {
  /** Names from the top-level column down to the leaf. */
  path: string[];
  type: DataType;
  /** string: string; integers: bigint, number or digits; decimal: exact text; date: days or `YYYY-MM-DD`; timestamps: µs as bigint, Date or ISO text. */
  min?: unknown;
  max?: unknown;
  nullCount?: number | bigint;
}

export interface FileStats {
  numRecords: number | undefined;
  minValues: Record<string, unknown>;
  maxValues: Record<string, unknown>;
  nullCount: Record<string, unknown>;
  tightBounds: boolean;
}

export function formatStats(_stats: { numRecords: number | bigint; columns: ColumnStats[] }): string {
  throw new Error('in work');
}

export function parseStats(_text: string): FileStats {
  throw new Error('in work');
}
