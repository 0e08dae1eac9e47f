/**
 * The REST interface of the Spark UI (https://spark.apache.org/docs/latest/monitoring.html#rest-api): how stages and plans went,
 * which Spark Connect does not tell. It listens on the driver, without a password, where it is open at all.
 */
import { asMurmurError, MurmurError } from '../../../base/errors.js';

/** How long an answer may take; that of a thousand stages is some megabytes. Milliseconds. */
const patienceMs = 20_000;

export interface SparkUi {
  /** Of the application: `/stages`. @throws spark.ui_closed (external) */
  get<T>(path: string): Promise<T>;
}

/**
 * The first address at which the application's UI answers.
 * @param addresses `http://host:port`
 * @throws spark.ui_closed (external)
 */
export async function openUi(addresses: readonly string[], applicationId: string): Promise<SparkUi> {
  let last: unknown;
  for (const address of new Set(addresses)) {
    const ui = uiAt(address, applicationId);
    try {
      await ui.get('');
      return ui;
    } catch (e) {
      last = e;
    }
  }
  throw asMurmurError(last);
}

/** Of all executors that live; a local server is one. @throws spark.ui_closed (external) */
export async function readCores(ui: SparkUi): Promise<number> {
  const executors = await ui.get<{ totalCores: number }[]>('/executors');
  return executors.reduce((sum, { totalCores }) => sum + totalCores, 0);
}

function uiAt(address: string, applicationId: string): SparkUi {
  const root = `${address.replace(/\/+$/, '')}/api/v1/applications/${applicationId}`;
  return {
    async get<T>(path: string): Promise<T> {
      try {
        const response = await fetch(`${root}${path}`, { signal: AbortSignal.timeout(patienceMs) });
        if (!response.ok) throw new Error(`it answers ${response.status}`);
        return (await response.json()) as T;
      } catch (cause) {
        throw new MurmurError('spark.ui_closed', `reading the Spark UI at ${address}: ${reasonOf(cause)}`, {
          fault: 'external',
          fix: 'say in murmur.yaml where it is: engine.spark.ui',
          cause,
          context: { address },
        });
      }
    },
  };
}

/** What fetch says alone is `fetch failed`. */
function reasonOf(error: unknown): string {
  const { message, cause } = error as Error;
  const code = (cause as NodeJS.ErrnoException | undefined)?.code;
  return code ?? message;
}
