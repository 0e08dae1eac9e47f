/**
 * What a person sees of a run: on a terminal one line a stream that is kept up to date, everywhere else only what matters:
 * where the page is, rules that fired, files that changed, batches that failed.
 */
import type { QueryState, QueryStatus } from '../engine/engine.js';
import type { RunEvent } from '../index.js';
import type { Cli } from './cli.js';
import { LiveBlock } from './live-block.js';
import { columns } from './text/columns.js';
import { count, rate, span } from './text/numbers.js';
import type { Colour } from './text/paint.js';

const drawEveryMs = 200;

/** What of a run is shown. */
export interface ShownRun {
  status(): QueryStatus[];
  events: AsyncIterable<RunEvent>;
}

export class RunDisplay {
  readonly #cli: Cli;
  readonly #block: LiveBlock | undefined;
  readonly #speed = new Speed();
  #timer: NodeJS.Timeout | undefined;

  constructor(cli: Cli) {
    this.#cli = cli;
    const live = cli.terminal.canRewrite && !cli.json && !cli.flags.quiet;
    this.#block = live ? new LiveBlock(cli.terminal) : undefined;
  }

  /** Shows a run until its events end. */
  async show(run: ShownRun): Promise<void> {
    if (this.#block !== undefined) {
      this.#timer = setInterval(() => this.#draw(run.status()), drawEveryMs);
    }
    try {
      for await (const event of run.events) {
        const text = sentenceOf(event, this.#cli.verbose);
        if (text !== undefined) this.say(text);
      }
    } finally {
      this.end();
    }
  }

  /** Takes the lines of the streams away. */
  end(): void {
    clearInterval(this.#timer);
    this.#block?.clear();
  }

  /** Above the lines of the streams. */
  say(text: string): void {
    this.#block?.clear();
    this.#cli.say(text);
  }

  #draw(statuses: readonly QueryStatus[]): void {
    const { paintSaid } = this.#cli.terminal;
    if (statuses.length === 0) {
      this.#block!.draw([paintSaid('dim', 'starting')]);
      return;
    }
    const rows = statuses.map((status) => {
      const { totals, lastProgress } = status;
      return [
        `${mark(status.state)} ${status.name}`,
        count(totals.input_posts),
        `${rate(this.#speed.of(status.name, totals.input_posts))}/s`,
        lastProgress === null ? '' : span(lastProgress.duration_ms),
        status.message,
      ];
    });
    const head = [
      { name: '  stream', whole: true },
      { name: 'posts', align: 'right' as const, whole: true },
      { name: 'rate', align: 'right' as const, whole: true },
      { name: 'batch', align: 'right' as const, whole: true },
      { name: '' },
    ];
    const lines = columns(head, rows, { paint: paintSaid, width: this.#cli.terminal.saidWidth }).split('\n');
    const painted = lines.map((line, i) => {
      const state = statuses[i - 1]?.state;
      return state === undefined ? line : paintSaid(colourOf(state), line.slice(0, 1)) + line.slice(1);
    });
    this.#block!.draw(painted);
  }
}

/** One mark a state, told apart without colours too. */
export function mark(state: QueryState): string {
  const marks: Record<QueryState, string> = {
    starting: '…',
    idle: '○',
    running: '●',
    stopping: '◐',
    stopped: '■',
    failed: '✖',
    finished: '✔',
  };
  return marks[state];
}

export function colourOf(state: QueryState): Colour {
  if (state === 'failed') return 'red';
  if (state === 'running') return 'cyan';
  return state === 'stopped' || state === 'stopping' ? 'yellow' : 'green';
}

/** Undefined for what goes on all the time. */
function sentenceOf(event: RunEvent, verbose: boolean): string | undefined {
  switch (event.type) {
    case 'rule_fired':
      return `${event.stream}: rule "${event.rule}" (${event.action}): ${event.detail}`;
    case 'file_changed':
      return `${event.stream}: ${event.path} ${event.reason}`;
    case 'batch_failed':
      return `${event.stream}: batch ${event.batchId} failed (try ${event.attempt}): ${event.error.message}`;
    case 'model_changed':
      return `${event.stream}: ${event.to} scores from batch ${event.batchId} on, before it ${event.from}`;
    case 'model_watch_failed':
      return `${event.stream}: goes on without ${event.model}: ${event.error.message}`;
    case 'shadow_failed':
      return `${event.stream}: the shadow ${event.model} does not score: ${event.error.message}`;
    case 'drift_found':
      return `${event.stream}: new posts have drifted: ${event.measure} ${event.psi}, limit ${event.limit}`;
    case 'query_ended':
      return event.state === 'failed' ? `${event.stream}: failed` : undefined;
    case 'batch_committed': {
      const { batch_id, input_posts, output_rows, duration_ms } = event.progress;
      const what = `${count(input_posts)} posts, ${count(output_rows)} rows, ${span(duration_ms)}`;
      return verbose ? `${event.stream}: batch ${batch_id}: ${what}` : undefined;
    }
    case 'mlflow_away':
      return `mlflow: nothing can be logged for now, the streams go on: ${event.error.message}`;
    case 'mlflow_back':
      return 'mlflow: it is back';
    case 'mlflow_refused':
      return `mlflow: ${event.what} not logged: ${event.error.message}`;
    case 'mlflow_runs_closed':
      return `mlflow: closed as KILLED what a dead process left: ${event.mlflowRunIds.join(', ')}`;
    case 'mlflow_run_opened':
      return verbose ? `mlflow: run ${event.mlflowRunId} at ${event.uri}` : undefined;
    default:
      return undefined;
  }
}

/** Posts a second, over the last two seconds or so. */
class Speed {
  readonly #seen = new Map<string, { at: number; total: number }[]>();

  of(stream: string, total: number): number {
    const now = performance.now();
    const seen = this.#seen.get(stream) ?? [];
    this.#seen.set(stream, seen);
    seen.push({ at: now, total });
    while (seen.length > 2 && now - seen[0]!.at > 2_000) seen.shift();
    const first = seen[0]!;
    return now === first.at ? 0 : ((total - first.total) * 1000) / (now - first.at);
  }
}
