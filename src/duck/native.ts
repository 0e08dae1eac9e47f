/**
 * The native DuckDB module, loaded when the first database opens: nothing else in Murmur may import it by value, so
 * that commands without SQL start fast and a machine without the binary gets an error it can act on.
 */
import { MurmurError } from '../base/errors.js';

export type DuckApi = typeof import('@duckdb/node-api');

/**
 * @param load stands in for the import, to prove what happens when it fails
 * @throws duck.native_missing (external)
 */
export async function loadDuckApi(
  load: () => Promise<DuckApi> = () => import('@duckdb/node-api'),
): Promise<DuckApi> {
  try {
    return await load();
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message.split('\n')[0] : String(cause);
    throw new MurmurError('duck.native_missing', `loading the native DuckDB module failed: ${reason}`, {
      fault: 'external',
      fix: 'run npm ci on this machine (the binary is per platform: linux, macOS or Windows on x64 or arm64, with glibc on linux)',
      cause,
    });
  }
}
