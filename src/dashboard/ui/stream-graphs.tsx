/** What the streams did: rows a second and time a batch, each stream a line, over the same time. */
import { useMemo, useState } from 'preact/hooks';
import type uPlot from 'uplot';
import { axes, Chart } from './chart.js';
import { Choice } from './choice.js';
import { decimal, duration, moment, short } from './format.js';
import type { PageModel } from './page-model.js';
import { type Range, streamLines } from './series-view.js';
import { color } from './theme.js';

/** Beside its colour each stream has a stroke of its own. */
const dashes: readonly number[][] = [[], [7, 3], [], [2, 3]];

export function StreamGraphs({ model, now }: { model: PageModel; now: number }) {
  const [chosen, setChosen] = useState<Range>();
  const [at, setAt] = useState<number | null>(null);
  const names = model.flow.streams.map((stream) => stream.name);
  const series = names.flatMap((name) => model.series.get(name) ?? []);
  const isRecent = series.some((one) => (one.recent.columns().at.at(-1) ?? 0) > now - 600_000);
  const range = chosen ?? (isRecent ? 'recent' : 'all');
  const lines = useMemo(
    () => streamLines(series, range, now),
    // series grow in place: number and time tell when
    [model.historySeq, model.series, range, Math.floor(now / 1000)],
  );
  const shared = { names, at, onPoint: setAt, lines };
  return (
    <section class="panel graphs" aria-labelledby="graphs-title">
      <header class="panel-head">
        <h2 id="graphs-title">The streams</h2>
        <Choice
          label="Time shown"
          options={[
            { value: 'recent', label: 'Ten minutes' },
            { value: 'all', label: 'All' },
          ]}
          value={range}
          onChange={(value) => setChosen(value)}
        />
      </header>
      {lines.at.length < 2 ? (
        <p class="nothing">
          {range === 'recent'
            ? 'No batches in the last ten minutes.'
            : 'Graphs begin with the first batches.'}
        </p>
      ) : (
        <div class="graph-pair">
          <Graph {...shared} title="Rows per second" values={lines.rows} text={decimal} axis={short} />
          <Graph
            {...shared}
            title="Time per batch"
            values={lines.durations}
            text={duration}
            axis={durationAxis}
          />
        </div>
      )}
    </section>
  );
}

interface GraphProps {
  title: string;
  names: readonly string[];
  lines: { at: number[]; widthMs: number };
  values: (number | null)[][];
  /** Index under the pointer, shared by both graphs; null for the newest values. */
  at: number | null;
  onPoint(index: number | null): void;
  text(value: number): string;
  axis(value: number): string;
}

function Graph({ title, names, lines, values, at, onPoint, text, axis }: GraphProps) {
  const order = drawOrder(names.length);
  const data = useMemo<uPlot.AlignedData>(
    () => [lines.at, ...order.map((i) => values[i] ?? [])],
    [lines, values, order.length],
  );
  const shown = at !== null && at < lines.at.length ? at : undefined;
  return (
    <div class="graph">
      <h3>
        {title}
        <span class="quiet number">
          {' '}
          {shown === undefined ? '' : moment(lines.at[shown]! * 1000, lines.widthMs)}
        </span>
      </h3>
      <ul class="legend number">
        {names.map((name, i) => (
          <li key={name} style={{ '--hue': `var(--${name}, var(--ink-soft))` }}>
            <LineKey dash={dashes[i % dashes.length]!} />
            {name} <b>{valueText(values[i] ?? [], shown, text)}</b>
          </li>
        ))}
      </ul>
      <Chart
        options={() => graphOptions(names, order, axis)}
        data={data}
        height={180}
        variant={names.join()}
        label={`${title}: ${names.map((name, i) => `${name} ${valueText(values[i] ?? [], undefined, text)}`).join(', ')}`}
        onPoint={onPoint}
      />
    </div>
  );
}

/** Whole lines first and broken ones over them, so that two which run together are both seen. */
function drawOrder(size: number): number[] {
  const whole = (i: number) => (dashes[i % dashes.length]!.length === 0 ? 0 : 1);
  return Array.from({ length: size }, (_, i) => i).sort((a, b) => whole(a) - whole(b));
}

function LineKey({ dash }: { dash: readonly number[] }) {
  return (
    <svg viewBox="0 0 18 6" width="18" height="6" aria-hidden="true">
      <path d="M0 3h18" stroke="var(--hue)" stroke-width="2" stroke-dasharray={dash.join(' ')} />
    </svg>
  );
}

/** The value at a place, or the newest there is. */
function valueText(
  values: readonly (number | null)[],
  at: number | undefined,
  text: (value: number) => string,
): string {
  const value = at === undefined ? values.findLast((one) => one !== null) : values[at];
  return value === null || value === undefined ? '–' : text(value);
}

function graphOptions(
  names: readonly string[],
  order: readonly number[],
  axis: (value: number) => string,
): Omit<uPlot.Options, 'width' | 'height'> {
  return {
    legend: { show: false },
    cursor: { y: false, drag: { x: false, y: false }, points: { size: 6 }, sync: { key: 'streams' } },
    scales: { y: { range: (_u, _min, max) => [0, Math.max(1, max ?? 1) * 1.08] } },
    axes: axes(axis),
    series: [
      {},
      ...order.map((i) => ({
        stroke: color(names[i]!),
        width: 1.75,
        dash: dashes[i % dashes.length]!,
        spanGaps: true,
        points: { show: false },
      })),
    ],
  };
}

function durationAxis(ms: number): string {
  if (ms === 0) return '0';
  return ms < 1000
    ? `${Math.round(ms)} ms`
    : ms < 60_000
      ? `${ms / 1000} s`
      : `${Math.round(ms / 60_000)} min`;
}
