/** What the embedded engine makes of a landed file: its own splitter, parser and canonical form, without a lake. */
import { type ColumnMapping, canonicalPost } from '../../src/posts/canonical.js';
import { tables } from '../../src/posts/tables.js';
import { parseJsonObject } from '../../src/sources/files/json-object.js';
import type { Slice } from '../../src/sources/files/split.js';
import { JsonSplitter } from '../../src/sources/files/split-json.js';
import { LineSplitter } from '../../src/sources/files/split-lines.js';

export interface LandedRow {
  position: number;
  fate: 'dropped' | 'quarantined' | null;
  rule: string | null;
  reason: string | null;
  /** Values by column of bronze; absent for what gave no post. */
  row: Record<string, unknown> | null;
}

export function readLanding(
  sourceFile: string,
  content: Buffer,
  mapping: ColumnMapping,
  maxLine: number,
): LandedRow[] {
  const isArray = /^[\0-\x20]*\[/.test(content.toString('latin1'));
  const start = { byte: 0, line: 0 };
  const splitter = isArray
    ? new JsonSplitter(start, 'array', maxLine)
    : new LineSplitter(start, false, maxLine);
  splitter.push(content);
  const rest = splitter.finish(true);
  const rows = splitter.slices.map((slice) => landed(sourceFile, slice, mapping));
  if (rest)
    rows.push({
      ...none,
      position: splitter.line + 1,
      fate: 'quarantined',
      rule: rest.rule,
      reason: rest.reason,
    });
  return rows;
}

const none = { rule: null, reason: null, row: null };

function landed(source_file: string, { bytes, line, fault }: Slice, mapping: ColumnMapping): LandedRow {
  const position = line + 1;
  if (fault) return { ...none, position, fate: 'quarantined', ...fault };
  const json = parseJsonObject(bytes);
  if ('reason' in json)
    return { ...none, position, fate: 'quarantined', rule: 'bad_line', reason: json.reason };
  const outcome = canonicalPost({ source_file, position, fields: json.fields }, mapping, 0n);
  if ('skipped' in outcome) return { ...none, position, fate: 'dropped' };
  if ('fault' in outcome)
    return { ...none, position, fate: 'quarantined', rule: outcome.fault.rule, reason: outcome.fault.reason };
  const row = Object.fromEntries(tables.bronze.fields.map(({ name }, i) => [name, outcome.row[i]]));
  return { ...none, position, fate: null, row };
}
