/** The settings of murmur.yaml that say how posts are written in the landing place. */
import { z } from 'zod';
import { bytes } from '../config/units.js';

const csvOptions = z
  .strictObject({
    header: z
      .enum(['auto', 'yes', 'no'])
      .default('auto')
      .describe('whether the first record holds the names of the columns'),
    delimiter: z
      .union([z.literal('auto'), z.string().regex(/^[\t -~]$/, 'expected auto or one ASCII character')])
      .default('auto')
      .describe('what separates two fields')
      .meta({ examples: [';'] }),
    columns: z
      .array(z.string().min(1))
      .min(1)
      .optional()
      .describe('names of the columns, in order; without a header they are column0, column1 and so on')
      .meta({ examples: [['target', 'ids', 'date', 'flag', 'user', 'text']] }),
  })
  .describe('how CSV and TSV files are written');

export const sourceOptions = z.strictObject({
  format: z
    .enum(['auto', 'ndjson', 'json', 'csv', 'parquet'])
    .default('auto')
    .describe('format of the landing files; auto goes by name, then by content. Each may be gzipped'),
  csv: csvOptions.prefault({}),
  max_line: bytes().prefault('1MiB').describe('a longer line, JSON value or CSV record goes to quarantine'),
});

export type SourceOptions = z.output<typeof sourceOptions>;
export type CsvOptions = SourceOptions['csv'];
