/** Is it flowing? One sentence, and a tile a stream. */
import { useEffect, useState } from 'preact/hooks';
import { dense } from '../../figures/bounded-series.js';
import { linePath } from '../../figures/line-path.js';
import type { StreamState, StreamStatus } from '../messages.js';
import { Command } from './command.js';
import { switchStream } from './connection.js';
import { flowSentence, postRate, waitingText } from './flow-state.js';
import { ago, decimal, duration } from './format.js';
import { PauseIcon, PlayIcon } from './icons.js';
import type { PageModel, StreamSeries } from './page-model.js';
import { lastKnown, trailingMean } from './series-view.js';

export function FlowHead({ model, now }: { model: PageModel; now: number }) {
  const { tone, head, detail, command } = flowSentence(model, now);
  return (
    <div class={`flow-head ${tone}`}>
      <h1>
        <span class="beacon" aria-hidden="true" />
        {head}
      </h1>
      <p class="unseen" role="status">
        {tone === 'flowing' ? 'Posts are flowing.' : head}
      </p>
      {detail !== undefined && <p class="quiet number">{detail}</p>}
      {command !== undefined && <Command text={command} />}
    </div>
  );
}

export function StreamTiles({ model, now }: { model: PageModel; now: number }) {
  return (
    <ol class="tiles panel" aria-label="Streams, in the order in which a post passes them">
      {model.flow.streams.map((stream) => (
        <Tile
          key={stream.name}
          stream={stream}
          series={model.series.get(stream.name)}
          running={model.flow.running}
          now={now}
        />
      ))}
    </ol>
  );
}

interface TileProps {
  stream: StreamStatus;
  series: StreamSeries | undefined;
  running: boolean;
  now: number;
}

function Tile({ stream, series, running, now }: TileProps) {
  const { name, state, message, lastProgress, error } = stream;
  const rate = running ? postRate(series, now) : 0;
  return (
    <li class={`tile ${state}`} data-stream={name} style={{ '--hue': `var(--${name}, var(--ink-soft))` }}>
      <header>
        <span class="coin" key={lastProgress?.batch_id ?? -1} aria-hidden="true" />
        <h2>{name}</h2>
        {running && <Switch name={name} state={state} />}
      </header>
      <p class="tile-state" title={message}>
        {error === null ? message : error.message}
      </p>
      <p class="tile-rate number">
        <strong>{decimal(rate)}</strong> <span class="quiet">posts/s</span>
      </p>
      <Sparkline series={series} now={now} />
      <dl class="tile-facts number">
        <div>
          <dt>last batch</dt>
          <dd>
            {lastProgress === null
              ? 'none yet'
              : `${duration(lastProgress.duration_ms)}, ${batchAge(stream, now)}`}
          </dd>
        </div>
        <div>
          <dt>waiting</dt>
          <dd>{waitingText(stream, running)}</dd>
        </div>
      </dl>
    </li>
  );
}

function batchAge({ lastProgress }: StreamStatus, now: number): string {
  return ago(lastProgress!.started_at + lastProgress!.duration_ms, now);
}

/** The last minute; its height is the stream's own peak, so that tiles show shape, and the number shows size. */
function Sparkline({ series, now }: { series: StreamSeries | undefined; now: number }) {
  const width = 240;
  const height = 40;
  const end = lastKnown(now, 1000);
  const points =
    series === undefined ? [] : dense(series.recent.columns(), 'input_posts', end - 69_000, end, 0).values;
  const values = trailingMean(points, 10).slice(10);
  const peak = Math.max(0, ...values);
  const { line, area } = linePath(values, width, height - 2, Math.max(0.5, peak) * 1.05);
  return (
    <svg
      class={`sparkline ${peak > 0 ? '' : 'flat'}`}
      viewBox={`0 -1 ${width} ${height}`}
      preserveAspectRatio="none"
      aria-hidden="true"
    >
      <path class="area" d={area} />
      <path class="line" d={line} />
    </svg>
  );
}

function Switch({ name, state }: { name: string; state: StreamState }) {
  const [asked, setAsked] = useState(false);
  const [fault, setFault] = useState<string>();
  const off = state === 'stopped' || state === 'failed' || state === 'finished';
  // A new state is the answer that was waited for.
  useEffect(() => setAsked(false), [state]);

  const flip = async () => {
    setAsked(true);
    setFault(undefined);
    try {
      await switchStream(name, off ? 'start' : 'stop');
    } catch (error) {
      setFault((error as Error).message);
    }
    setAsked(false);
  };
  const verb = off ? 'Start' : 'Stop';
  return (
    <button
      type="button"
      class="switch"
      disabled={asked || state === 'stopping' || state === 'starting'}
      onClick={flip}
      aria-label={`${verb} ${name}`}
      title={fault ?? `${verb} ${name}`}
    >
      {off ? <PlayIcon /> : <PauseIcon />}
    </button>
  );
}
