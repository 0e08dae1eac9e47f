/** The contracts of the lake's tables: names and types of every column, in order (design: "The trip of a post"). */
import { arrayOf, column, type StructType, struct } from '../schema/column-types.js';

export const bronze: StructType = struct(
  column('date', 'string'),
  column('user', 'string'),
  column('text', 'string'),
  column('sentiment', 'string'),
  column('source_file', 'string'),
  column('processing_time', 'timestamp'),
  column('post_id', 'string'),
  column('seq', 'long'),
  column('lang', 'string'),
  column('source', 'string'),
  column('mentions', arrayOf('string')),
  column('op', 'string'),
  column('_rescued_data', 'string'),
);

export const silver: StructType = struct(
  column('timestamp', 'timestamp'),
  column('timestamp_error', 'string'),
  column('mention', 'string'),
  column('cleaned_text', 'string'),
  column('text', 'string'),
  column('sentiment', 'string'),
  column('user', 'string'),
  column('post_id', 'string'),
  column('lang', 'string'),
  column('source', 'string'),
);

export const gold: StructType = struct(
  ...silver.fields,
  column('predicted_score', 'double'),
  column('predicted_sentiment', 'string'),
  column('sentiment_id', 'integer'),
  column('predicted_sentiment_id', 'integer'),
  column('model', 'string'),
  column('scored_at', 'timestamp'),
);

export const application: StructType = struct(
  column('mention', 'string'),
  column('positive', 'long'),
  column('negative', 'long'),
  column('neutral', 'long'),
  column('total', 'long'),
  column('min_timestamp', 'timestamp'),
  column('max_timestamp', 'timestamp'),
);

export const quarantine: StructType = struct(
  column('stream', 'string'),
  column('batch_id', 'long'),
  column('rule', 'string'),
  column('reason', 'string'),
  column('post_id', 'string'),
  column('row', 'string'),
  column('source_file', 'string'),
  column('position', 'long'),
  column('at', 'timestamp'),
);

export const progress: StructType = struct(
  column('stream', 'string'),
  column('run_id', 'string'),
  column('batch_id', 'long'),
  column('started_at', 'timestamp'),
  column('input_posts', 'long'),
  column('output_posts', 'long'),
  column('output_rows', 'long'),
  column('dropped_posts', 'long'),
  column('quarantined_posts', 'long'),
  column('superseded_posts', 'long'),
  column('duration_ms', 'double'),
  column('list_ms', 'double'),
  column('read_ms', 'double'),
  column('transform_ms', 'double'),
  column('score_ms', 'double'),
  column('write_ms', 'double'),
  column('commit_ms', 'double'),
  column('backlog_files', 'long'),
  column('event_time_lag_ms', 'double'),
  column('table_version', 'long'),
);

export const tables = { bronze, silver, gold, application, quarantine, progress } as const;
export type TableName = keyof typeof tables;
export const tableNames = Object.keys(tables) as TableName[];
/** The four streaming queries, in the order in which a post passes them; each is named for the table it writes. */
export const streamNames = ['bronze', 'silver', 'gold', 'application'] as const;
export type StreamName = (typeof streamNames)[number];
