import { quotedName } from '../../posts/sql/spark-literals.js';

/** A Delta table in SQL, by its path: names of a catalog may end with the server. */
export function deltaTable(path: string): string {
  return `delta.${quotedName(path)}`;
}
