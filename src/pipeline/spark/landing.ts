import type { SparkContext } from '../../engine/spark/context.js';
export function landingOf(): SparkContext['landing'] {
  return {
    format: 'text',
    options: { wholetext: 'true', recursiveFileLookup: 'true' },
    sql: `SELECT j.date, j.user, j.text, j.sentiment, source_file, sha2(concat(source_file, '\\n', position), 256) AS post_id, CAST(NULL AS BIGINT) AS seq, j.lang AS lang, 'file' AS source, CAST(NULL AS ARRAY<STRING>) AS mentions, 'create' AS op, CAST(NULL AS STRING) AS _rescued_data, source_file AS __source_file, position AS __position, CASE WHEN j.text IS NULL THEN 'quarantined' END AS __fate, CASE WHEN j.text IS NULL THEN named_struct('rule','bad_record','reason','x','raw',line) END AS __fault FROM (
      SELECT from_json(line, 'date string, user string, text string, sentiment string, lang string') AS j, source_file, CAST(pos + 1 AS BIGINT) AS position, line FROM (SELECT posexplode(split(value, '\\n')) AS (pos, line), element_at(split(file_path, '/'), -1) AS source_file FROM files) WHERE trim(line) <> '')`,
  };
}
