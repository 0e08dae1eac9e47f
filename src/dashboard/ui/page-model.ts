/** What the page knows: the last state, brought forward by updates. Pure, but for the series, which grow in place. */
import { BoundedSeries } from '../../figures/bounded-series.js';
import {
  allLimits,
  type BatchPoint,
  type History,
  type Journey,
  type PageParts,
  type PageState,
  type PageUpdate,
  recentLimits,
  type SeriesName,
  seriesNames,
} from '../messages.js';

export type Link =
  /** No answer yet. */
  | 'connecting'
  | 'live'
  /** It was there and is gone; the page tries again. */
  | 'lost';

export interface StreamSeries {
  recent: BoundedSeries<SeriesName>;
  all: BoundedSeries<SeriesName>;
}

export interface PageModel extends Omit<PageParts, 'history'>, Pick<PageState, 'lake' | 'version'> {
  /** By stream, in the order in which a post passes them. */
  series: Map<string, StreamSeries>;
  historySeq: number;
  /** Posts typed on this page, newest first. */
  journeys: Journey[];
  /** What the server's clock is ahead of ours, in milliseconds. */
  clockOffset: number;
}

export function modelOf(
  { history, now, ...state }: PageState,
  journeys: Journey[],
  clock: number,
): PageModel {
  return { ...state, ...seriesOf(history), journeys, clockOffset: now - clock };
}

/** @param clock the browser's time at which the update came */
export function updated(model: PageModel, update: PageUpdate, clock: number): PageModel {
  const { history, batches = [], journeys = [], now, ...changed } = update;
  const next: PageModel = { ...model, ...changed, clockOffset: now - clock };
  if (history !== undefined) Object.assign(next, seriesOf(history));
  for (const batch of batches) addBatch(next, batch);
  for (const journey of journeys) next.journeys = withJourney(next.journeys, journey, false);
  return next;
}

/** Brings a journey forward; one that is not ours is only taken when asked to. */
export function withJourney(journeys: Journey[], journey: Journey, adopt: boolean): Journey[] {
  const known = journeys.find((other) => other.post_id === journey.post_id);
  if (known === undefined) return adopt ? [journey, ...journeys].slice(0, 4) : journeys;
  const merged = { ...journey, reached: { ...journey.reached, ...known.reached, ...journey.reached } };
  return journeys.map((other) => (other === known ? merged : other));
}

function addBatch(model: PageModel, batch: BatchPoint): void {
  if (batch.seq <= model.historySeq) return;
  model.historySeq = batch.seq;
  const series = model.series.get(batch.stream) ?? {
    recent: new BoundedSeries(seriesNames, recentLimits),
    all: new BoundedSeries(seriesNames, allLimits),
  };
  model.series.set(batch.stream, series);
  const { at, input_posts, output_rows, duration_ms } = batch;
  for (const one of [series.recent, series.all])
    one.add(at, { batches: 1, input_posts, output_rows, duration_ms });
}

function seriesOf(history: History): Pick<PageModel, 'series' | 'historySeq'> {
  const series = new Map(
    history.streams.map(({ stream, recent, all }) => [
      stream,
      {
        recent: new BoundedSeries(seriesNames, recentLimits, recent),
        all: new BoundedSeries(seriesNames, allLimits, all),
      },
    ]),
  );
  return { series, historySeq: history.seq };
}
