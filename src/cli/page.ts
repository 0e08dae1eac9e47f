/** The live page of a lake, for `run`, `demo` and `dashboard`. */
import type { LakeRun, OpenLake } from '../index.js';
import type { Cli } from './cli.js';

export interface ServedPage {
  /** A link that lets its reader in. */
  link: string;
  url: string;
  close(): Promise<void>;
}

/** @param run the run of this process; without one the page asks over the control socket */
export async function servePage(cli: Cli, { lake, spec }: OpenLake, run?: LakeRun): Promise<ServedPage> {
  const { LakeFeed } = await import('../dashboard/lake-feed.js');
  const { startDashboard } = await import('../dashboard/server.js');
  const onError = (error: unknown) => {
    if (cli.verbose) cli.say(`page: ${error instanceof Error ? error.message : error}`);
  };
  const feed = new LakeFeed({
    lake,
    format: spec.format,
    driftLimit: spec.drift.psi,
    onError,
    ...(run === undefined
      ? {}
      : {
          run: {
            status: () => ({ streams: run.status(), model: run.model() ?? null }),
            events: () => run.subscribe(),
            start: (stream: string) => run.start(stream),
            stop: (stream: string) => run.stop(stream),
          },
        }),
  });
  try {
    const page = await startDashboard({ feed, ...spec.page, onError });
    if (spec.page.port !== 0 && page.port !== spec.page.port) {
      cli.say(`port ${spec.page.port} is taken, the page is on ${page.port}`);
    }
    return {
      link: page.link,
      url: page.url,
      async close() {
        await page.close();
        await feed.close();
      },
    };
  } catch (error) {
    await feed.close();
    throw error;
  }
}
