/** One uPlot graph: made once, fed new data, resized with its place, made again when the colours change. */
import { useLayoutEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { color, useThemeEpoch } from './theme.js';

export interface ChartProps {
  /** Called when the graph is made; colours must be asked for here, by `color`. */
  options(): Omit<uPlot.Options, 'width' | 'height'>;
  data: uPlot.AlignedData;
  height: number;
  /** What the graph shows, for those who do not see it. */
  label: string;
  /** Index into the data under the pointer, or null. */
  onPoint?(index: number | null): void;
  /** Another value makes the graph anew. */
  variant?: string;
}

export function Chart({ options, data, height, label, onPoint, variant = '' }: ChartProps) {
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | undefined>(undefined);
  const epoch = useThemeEpoch();

  // Made anew only for other colours or another variant; new data follow below.
  useLayoutEffect(() => {
    const target = place.current!;
    const made = new uPlot(
      {
        ...options(),
        width: target.clientWidth,
        height,
        hooks: { setCursor: [(u) => onPoint?.(u.cursor.idx ?? null)] },
      },
      data,
      target,
    );
    plot.current = made;
    const observer = new ResizeObserver(() => made.setSize({ width: target.clientWidth, height }));
    observer.observe(target);
    return () => {
      observer.disconnect();
      made.destroy();
      plot.current = undefined;
    };
  }, [epoch, variant, height]);

  useLayoutEffect(() => {
    if (plot.current !== undefined && plot.current.data !== data) plot.current.setData(data);
  }, [data]);

  return <div class="chart" ref={place} role="img" aria-label={label} />;
}

/** Seconds between ticks: whole ones, as clocks and calendars have them. */
const minute = 60;
const hour = 60 * minute;
const day = 24 * hour;
const timeSteps = [
  ...[1, 2, 5, 10, 15, 30],
  ...[1, 2, 5, 10, 15, 30].map((n) => n * minute),
  ...[1, 2, 3, 6, 12].map((n) => n * hour),
  ...[1, 2, 5, 10, 30, 60, 90, 180, 365, 730, 1825].map((n) => n * day),
];

const font = '11px Inter, ui-sans-serif, system-ui, sans-serif';

/** The two axes as this page draws them: faint grid, few ticks, no frame. */
export function axes(valueText: (value: number) => string): uPlot.Axis[] {
  const stroke = color('ink-faint');
  const grid = { stroke: color('line'), width: 1 };
  return [
    {
      stroke,
      font,
      grid: { show: false },
      ticks: { show: false },
      gap: 6,
      size: 28,
      space: 56,
      incrs: timeSteps,
      values: timeText,
    },
    {
      stroke,
      font,
      grid,
      ticks: { show: false },
      gap: 8,
      size: 54,
      space: 30,
      values: (_u, splits) => splits.map((value) => valueText(value)),
    },
  ];
}

/** Hours and minutes within a day, days beyond; seconds where ticks are closer than a minute. */
function timeText(_u: uPlot, splits: number[], _axis: number, _space: number, step: number): string[] {
  return splits.map((seconds) => {
    const date = new Date(seconds * 1000);
    if (step >= 86_400)
      return date.toLocaleDateString('en', {
        month: 'short',
        day: 'numeric',
        ...(step > 2e6 ? { year: 'numeric' } : {}),
      });
    const midnight = date.getHours() === 0 && date.getMinutes() === 0 && step >= 3600;
    if (midnight) return date.toLocaleDateString('en', { month: 'short', day: 'numeric' });
    return date.toLocaleTimeString('en-GB', step < 60 ? {} : { hour: '2-digit', minute: '2-digit' });
  });
}
