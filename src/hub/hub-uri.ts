/** `hf:OWNER/NAME[@REVISION]`: a model repository of the Hugging Face hub. */
import { MurmurError } from '../base/errors.js';

export interface HubUri {
  /** `owner/name`, or for a few old models the name alone. */
  repository: string;
  /** Branch, tag or commit. */
  revision: string;
}

export function isHubUri(text: string): boolean {
  return text.startsWith('hf:');
}

/** @throws hub.uri_invalid (user) */
export function parseHubUri(uri: string): HubUri {
  const part = '[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9_])?';
  const match = new RegExp(`^hf:(?://)?(${part}(?:/${part})?)(?:@([^\\s@]+))?$`).exec(uri);
  if (match !== null) return { repository: match[1]!, revision: match[2] ?? 'main' };
  throw new MurmurError('hub.uri_invalid', `model ${JSON.stringify(uri)} is no name of the hub's`, {
    fault: 'user',
    fix: 'use the form hf:OWNER/NAME or hf:OWNER/NAME@REVISION',
    context: { uri },
  });
}
