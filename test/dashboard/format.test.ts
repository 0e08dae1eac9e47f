import { expect, it } from 'vitest';
import {
  ago,
  bytes,
  count,
  decimal,
  duration,
  percent,
  plural,
  widthName,
} from '../../src/dashboard/ui/format.js';

it.each([
  [count(12_403), '12,403'],
  [decimal(0), '0'],
  [decimal(3.14), '3.1'],
  [decimal(99.96), '100'],
  [decimal(1234.5), '1,235'],
  [percent(0), '0 %'],
  [percent(0.001), '<1 %'],
  [percent(0.999), '>99 %'],
  [percent(1), '100 %'],
  [percent(0.614), '61 %'],
  [duration(83.6), '84 ms'],
  [duration(999.6), '1.0 s'],
  [duration(59_960), '1 min 0 s'],
  [duration(3_700_000), '1 h 1 min'],
  [ago(10_000, 9_000), 'just now'],
  [ago(0, 59_999), '59 s ago'],
  [ago(0, 3_599_999), '59 min ago'],
  [ago(0, 86_399_999), '23 h ago'],
  [ago(0, 86_400_000), 'yesterday'],
  [ago(0, 3 * 86_400_000), '3 days ago'],
  [bytes(999), '999 B'],
  [bytes(1_240_000), '1.2 MB'],
  [bytes(999_600), '1.0 MB'],
  [plural(1, 'file'), '1 file'],
  [plural(0, 'file'), '0 files'],
  [widthName(1000), 'second'],
  [widthName(300_000), '5 minutes'],
  [widthName(5 * 86_400_000), '5 days'],
])('%s', (given, wanted) => {
  expect(given).toBe(wanted);
});
