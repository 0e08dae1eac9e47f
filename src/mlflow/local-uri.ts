/** Local folders as MLflow writes them: a path, or a `file:` URI. */
import { fileURLToPath, pathToFileURL } from 'node:url';

/** The path of a local URI, absolute or as it was given; `undefined` for what is not local. */
export function localPathOf(uri: string): string | undefined {
  if (uri.startsWith('file:')) return fileURLToPath(new URL(uri));
  return /^[a-z][a-z0-9+.-]+:/i.test(uri) ? undefined : uri;
}

export function fileUri(path: string): string {
  return pathToFileURL(path).href;
}
