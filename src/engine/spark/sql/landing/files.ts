/** The files of the landing place: their names below it, and which of them SQL takes apart without help. */
import { pattern, quoted } from '../../../../posts/sql/spark-literals.js';

export type LandingFormat = 'auto' | 'ndjson' | 'json' | 'csv' | 'parquet';

/**
 * SQL for `source_file` and `value` of the files that are finished.
 * @param source a view over whole files: `value` their bytes as text (`wholetext`), `file_path` their URI (`_metadata.file_path`)
 * @param root the landing place: a folder, or a URI of any scheme
 */
export function filesSql(source: string, root: string): string {
  return `SELECT * FROM (SELECT ${relative('file_path', root)} AS source_file, value FROM ${source})
    WHERE NOT source_file RLIKE ${pattern('(?i)\\.(tmp|part|crdownload)(/|\\z)')}`;
}

/**
 * SQL of whether a file is JSON as it stands, by its name alone: Spark then opens it for one of the two readers only. Every
 * other file is opened in Python.
 */
export function isPlain(format: LandingFormat): string {
  switch (format) {
    case 'auto':
      return `source_file RLIKE ${pattern('(?i)\\.(ndjson|jsonl|json)\\z')}`;
    case 'ndjson':
    case 'json':
      return `NOT source_file RLIKE ${pattern('(?i)\\.gz\\z')}`;
    case 'csv':
    case 'parquet':
      return 'false';
  }
}

/** The path of a file below the landing place, with its `%xx` decoded. */
function relative(uri: string, root: string): string {
  const folder = `${root.replace(/^[a-z][a-z0-9+.-]*:\/\//i, '').replace(/\/+$/, '')}/`;
  const decoded = `coalesce(try_url_decode(replace(${uri}, '+', '%2B')), ${uri})`;
  return `substr(${decoded}, CASE WHEN locate(${quoted(folder)}, ${decoded}) > 0
    THEN locate(${quoted(folder)}, ${decoded}) + ${[...folder].length} ELSE 1 END)`;
}
