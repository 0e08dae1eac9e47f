/** Settings written into a YAML text: what people wrote around them, comments included, stays. */
import { parseDocument } from 'yaml';
import { MurmurError } from '../base/errors.js';
import { formatPath } from './shape.js';

export interface WrittenSetting {
  path: readonly string[];
  value: string | number | boolean;
}

/** @throws config.not_writable (user) where a setting stands behind an alias, or the text is no map */
export function writeSettings(text: string, settings: readonly WrittenSetting[]): string {
  const document = parseDocument(text);
  for (const { path, value } of settings) {
    try {
      document.setIn(path, value);
    } catch (cause) {
      throw new MurmurError(
        'config.not_writable',
        `writing ${formatPath(path)}: it does not stand in a plain map`,
        {
          fault: 'user',
          fix: `write it by hand: ${formatPath(path)}: ${value}`,
          cause,
        },
      );
    }
  }
  return document.toString({ lineWidth: 0 });
}
