/** Sentiment over time: positive posts rise above the line, negative ones hang below it, the balance runs through. */
import { useMemo, useState } from 'preact/hooks';
import type uPlot from 'uplot';
import { dense } from '../../figures/bounded-series.js';
import { type ScoredPost, type SentimentOverTime, sentiments } from '../messages.js';
import { axes, Chart } from './chart.js';
import { Flock } from './flock.js';
import { count, moment, percent, short, widthName } from './format.js';
import { SentimentLegend } from './legend.js';
import { color } from './theme.js';

export function Mood({ sentiment, now }: { sentiment: SentimentOverTime; now: number }) {
  const [at, setAt] = useState<number | null>(null);
  const { widthMs, buckets } = sentiment;
  // A bucket that is still filling would look like a fall at the right edge.
  const filling = buckets.length > 2 && buckets.at(-1)!.at + widthMs > now;
  const data = useMemo(() => plotData(sentiment, filling), [sentiment, filling]);
  const totals = sums(sentiment);
  const neutral = totals.neutral > 0;
  const few = sentiment.buckets.length < 2;
  const caption =
    sentiment.by === 'timestamp'
      ? `Posts per ${widthName(widthMs)}, by their own time.`
      : `Posts per ${widthName(widthMs)}, by the time they were scored.`;
  return (
    <section class="panel mood" aria-labelledby="mood-title">
      <header class="panel-head">
        <h2 id="mood-title">Mood over time</h2>
        <p class="readout number">{at === null ? balance(totals) : pointText(data, at, widthMs)}</p>
      </header>
      {few ? (
        <p class="nothing">The mood takes shape once there are posts from more than one moment.</p>
      ) : (
        <>
          <SentimentLegend neutral={neutral} />
          <Chart
            options={() => moodOptions(neutral)}
            data={data}
            height={220}
            variant={`${neutral}`}
            label={`Sentiment over time. In all, ${balance(totals)}.`}
            onPoint={setAt}
          />
          <p class="chart-foot quiet">{caption}</p>
        </>
      )}
    </section>
  );
}

/** Beside the head: all posts by sentiment, as a flock and as a thin bar. */
export function MoodBar({
  sentiment,
  posts,
}: {
  sentiment: SentimentOverTime;
  posts: readonly ScoredPost[];
}) {
  const totals = sums(sentiment);
  const all = totals.positive + totals.neutral + totals.negative;
  if (all === 0) return null;
  const shares = {
    positive: totals.positive / all,
    neutral: totals.neutral / all,
    negative: totals.negative / all,
  };
  const width = (share: number) => ({ width: `${share * 100}%` });
  return (
    <figure class="mood-bar">
      <Flock posts={posts} shares={shares} />
      <figcaption class="number">
        <span class="positive-ink">
          <b>{percent(shares.positive)}</b> positive
        </span>
        {totals.neutral > 0 && (
          <span class="neutral-ink">
            <b>{percent(shares.neutral)}</b> neutral
          </span>
        )}
        <span class="negative-ink">
          <b>{percent(shares.negative)}</b> negative
        </span>
      </figcaption>
      <div class="bar" aria-hidden="true">
        {sentiments.map(
          (sentiment) =>
            shares[sentiment] > 0 && (
              <span key={sentiment} class={sentiment} style={width(shares[sentiment])} />
            ),
        )}
      </div>
    </figure>
  );
}

interface Totals {
  positive: number;
  neutral: number;
  negative: number;
}

function sums({ buckets }: SentimentOverTime): Totals {
  const totals = { positive: 0, neutral: 0, negative: 0 };
  for (const bucket of buckets) {
    totals.positive += bucket.positive;
    totals.neutral += bucket.neutral;
    totals.negative += bucket.negative;
  }
  return totals;
}

function balance({ positive, neutral, negative }: Totals): string {
  const middle = neutral > 0 ? `${count(neutral)} neutral · ` : '';
  return `${count(positive)} positive · ${middle}${count(negative)} negative`;
}

/** Columns: time, positive, negative as depth, balance, neutral. */
function plotData({ widthMs, buckets: all }: SentimentOverTime, filling: boolean): uPlot.AlignedData {
  const buckets = filling ? all.slice(0, -1) : all;
  if (buckets.length === 0) return [[], [], [], [], []];
  const columns = {
    widthMs,
    at: buckets.map((bucket) => bucket.at),
    positive: buckets.map((bucket) => bucket.positive),
    negative: buckets.map((bucket) => bucket.negative),
    neutral: buckets.map((bucket) => bucket.neutral),
  };
  const column = (name: 'positive' | 'negative' | 'neutral') =>
    dense(columns, name, columns.at[0]!, columns.at.at(-1)!, 0).values;
  const positive = column('positive');
  const negative = column('negative');
  const at = dense(columns, 'positive', columns.at[0]!, columns.at.at(-1)!, 0).at;
  return [
    at.map((ms) => ms / 1000),
    positive,
    negative.map((value) => -value),
    positive.map((value, i) => value - negative[i]!),
    column('neutral'),
  ];
}

function pointText(data: uPlot.AlignedData, i: number, widthMs: number): string {
  const value = (column: number) => Math.abs(data[column]?.[i] ?? 0);
  if (data[0][i] === undefined) return '';
  const totals = { positive: value(1), negative: value(2), neutral: value(4) };
  return `${moment(data[0][i]! * 1000, widthMs)} · ${balance(totals)}`;
}

function moodOptions(neutral: boolean): Omit<uPlot.Options, 'width' | 'height'> {
  const stepped = (name: string): uPlot.Series => ({
    stroke: color(name),
    fill: color(name).replace(/^rgb\((.*)\)$/, 'rgba($1, 0.22)'),
    width: 1.5,
    fillTo: 0,
    points: { show: false },
  });
  return {
    legend: { show: false },
    cursor: { y: false, drag: { x: false, y: false }, points: { size: 6 } },
    scales: { y: { range: (_u, min, max) => symmetric(min, max) } },
    axes: axes((value) => short(Math.abs(value))),
    series: [
      {},
      stepped('positive'),
      stepped('negative'),
      { stroke: color('ink'), width: 1.25, points: { show: false } },
      { stroke: color('neutral'), width: 1.25, dash: [4, 4], show: neutral, points: { show: false } },
    ],
  };
}

/** Room above and below the line alike where both sides have something, so that more is seen to be more. */
function symmetric(min: number | null, max: number | null): [number, number] {
  const low = Math.min(0, min ?? 0);
  const high = Math.max(1, max ?? 1);
  return [low * 1.1, high * 1.1];
}
