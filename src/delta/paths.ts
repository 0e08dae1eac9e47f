/** Paths in the log are percent-encoded URIs, relative to the table root or absolute (PROTOCOL.md, "Add File"). */

/** The literal path behind a log path. A malformed escape is left as it stands. */
export function decodePath(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

/** A literal relative path as it stands in the log. Its directories have been Hive-escaped before, so `?` and `#` are gone. */
export function encodePath(path: string): string {
  return encodeURI(path);
}
