/**
 * Paths of artifacts: relative, separated by `/`, and never out of their root, whoever names them. A server takes names for
 * parts of an address and decodes them more than once, so what means something in one is refused.
 */
import { invalidValue } from './faults.js';

/** @throws mlflow.value_invalid */
export function checkArtifactPath(path: string): void {
  const parts = path.split('/');
  if (!parts.some((part) => ['', '.', '..'].includes(part)) && !/[\\%#?\p{Cc}\p{Cs}]/u.test(path)) return;
  throw invalidValue(
    `artifact path ${JSON.stringify(path)}, expected a relative path without . and .., and without % # ? \\`,
    'rename the file, and name it by its path below the artifact folder',
  );
}
