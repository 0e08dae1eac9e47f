/** Whether posts flow, as one sentence: the first thing the page says. */
import { dense } from '../../figures/bounded-series.js';
import type { StreamStatus } from '../messages.js';
import { ago, count, decimal, duration, plural } from './format.js';
import type { PageModel, StreamSeries } from './page-model.js';
import { lastKnown } from './series-view.js';

export interface FlowSentence {
  tone: 'flowing' | 'quiet' | 'stopped' | 'failed';
  /** The sentence itself. */
  head: string;
  /** What stands behind it, or undefined. */
  detail: string | undefined;
  /** What to type in a terminal, when that is the way on. */
  command?: string;
}

/** Posts a second over the last ten seconds, or since the first batch. */
export function postRate(series: StreamSeries | undefined, now: number): number {
  if (series === undefined) return 0;
  const columns = series.recent.columns();
  const to = lastKnown(now, 1000);
  const from = Math.max(to - 9999, columns.at[0] ?? to);
  const { values } = dense(columns, 'input_posts', from, to, 0);
  return values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** What lies before a stream. One that does not run does not look, and must not say that nothing is there. */
export function waitingText({ state, backlogFiles }: StreamStatus, running: boolean): string {
  if (!running || state === 'stopped' || state === 'failed') return 'not looked at';
  return backlogFiles === 0 ? 'nothing' : plural(backlogFiles, 'file');
}

export function isEmpty(model: PageModel): boolean {
  return model.posts.length === 0 && rowsOf(model, 'bronze') === 0;
}

/** @param now the server's time */
export function flowSentence(model: PageModel, now: number): FlowSentence {
  const { running, streams } = model.flow;
  const last = lastBatchAt(streams);
  if (!running) return notRunning(model, last, now);
  const failed = streams.find((stream) => stream.state === 'failed');
  if (failed !== undefined) {
    return {
      tone: 'failed',
      head: `${capital(failed.name)} stopped on an error.`,
      detail:
        failed.error === null
          ? failed.message
          : [failed.error.message, failed.error.fix ?? ''].map(sentence).join(' '),
    };
  }
  const stopped = streams.filter((stream) => stream.state === 'stopped' || stream.state === 'stopping');
  if (stopped.length > 0) {
    const names = stopped.map((stream) => stream.name).join(' and ');
    return {
      tone: 'stopped',
      head: `${capital(names)} ${stopped.length === 1 ? 'is' : 'are'} stopped.`,
      detail: 'Posts wait where they are; start the stream and it goes on from there.',
    };
  }
  const rate = postRate(model.series.get('bronze'), now);
  if (rate > 0) {
    const per =
      rate < 0.95
        ? 'a few posts a minute'
        : rate < 1.5
          ? 'one post a second'
          : `${roundRate(rate)} posts a second`;
    return { tone: 'flowing', head: `Flowing: ${per}.`, detail: describe(model, streams) };
  }
  if (isEmpty(model)) {
    return {
      tone: 'quiet',
      head: 'Ready. Nothing has arrived yet.',
      detail: `Put a file of posts into ${model.lake.landing}, or type one below.`,
    };
  }
  return {
    tone: 'quiet',
    head: 'All caught up.',
    detail:
      last === undefined
        ? describe(model, streams)
        : `The last post came ${ago(last, now)}. ${describe(model, streams)}`,
  };
}

function notRunning(model: PageModel, last: number | undefined, now: number): FlowSentence {
  const head = 'The pipeline is not running.';
  if (isEmpty(model)) {
    const detail = `Put a file of posts into ${model.lake.landing} and start it, in ${model.lake.dir}:`;
    return { tone: 'stopped', head, detail, command: 'murmur run' };
  }
  const seen = last === undefined ? 'What it made is below.' : `What you see is from ${ago(last, now)}.`;
  return { tone: 'stopped', head, detail: `${seen} To go on, in ${model.lake.dir}:`, command: 'murmur run' };
}

function describe(model: PageModel, streams: readonly StreamStatus[]): string {
  const posts = rowsOf(model, 'bronze');
  const waiting = streams.find((stream) => stream.name === 'bronze')?.backlogFiles ?? 0;
  const gold = streams.find((stream) => stream.name === 'gold')?.lastProgress;
  return [
    posts === undefined ? '' : `${count(posts)} posts so far`,
    gold === undefined || gold === null ? '' : `last batch scored in ${duration(gold.duration_ms)}`,
    waiting > 1 ? `${count(waiting)} files waiting` : '',
  ]
    .filter(Boolean)
    .join(' · ');
}

function rowsOf(model: PageModel, table: string): number | undefined {
  const total = model.tables.find((other) => other.table === table);
  return total === undefined ? 0 : (total.rows ?? undefined);
}

function lastBatchAt(streams: readonly StreamStatus[]): number | undefined {
  const times = streams.flatMap(({ lastProgress }) =>
    lastProgress === null ? [] : [lastProgress.started_at + lastProgress.duration_ms],
  );
  return times.length === 0 ? undefined : Math.max(...times);
}

function roundRate(rate: number): string {
  return rate < 10 ? decimal(rate) : count(Math.round(rate));
}

function sentence(text: string): string {
  return text === '' || /[.!?…]$/.test(text) ? capital(text) : `${capital(text)}.`;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
