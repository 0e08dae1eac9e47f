import { readFileSync } from 'node:fs';
import { MurmurError } from '../base/errors.js';

/**
 * The text of a configuration file.
 * @throws config.missing (user), config.unreadable (external)
 */
export function readConfigFile(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code;
    if (code === 'ENOENT' || code === 'ENOTDIR') {
      throw new MurmurError('config.missing', `opening a lake: there is no ${path}`, {
        fault: 'user',
        fix: 'make a lake with "murmur init DIR"',
        cause,
      });
    }
    throw new MurmurError('config.unreadable', `reading ${path}: ${code}`, { fault: 'external', cause });
  }
}
