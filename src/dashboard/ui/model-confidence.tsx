/** How sure the model says it is, and how right it is when it says so. */
import { columnChart } from '../../figures/column-chart.js';
import type { ModelQuality } from '../messages.js';
import { count, measure } from './format.js';
import { sureness } from './model-sentence.js';

const size = { width: 300, height: 84, gap: 3 };

export function ModelConfidence({ quality }: { quality: ModelQuality }) {
  const sentence = sureness(quality);
  return (
    <section class="panel confidence" aria-labelledby="confidence-title">
      <header class="panel-head">
        <h2 id="confidence-title">How sure it is</h2>
      </header>
      <Confidence quality={quality} />
      {sentence === undefined ? (
        <p class="chart-foot quiet">Whether it is as right as it is sure shows where posts bring a label.</p>
      ) : (
        <>
          <Calibration quality={quality} />
          <p class="chart-foot quiet number">{sentence}</p>
        </>
      )}
    </section>
  );
}

function Confidence({ quality: { confidence, calibration, posts } }: { quality: ModelQuality }) {
  const columns = columnChart(confidence, size, Math.max(...confidence));
  return (
    <div class="columns-chart">
      <h3>
        Posts by the probability it gave <span class="quiet number">{count(posts)}</span>
      </h3>
      <Plot label={`Posts by confidence: ${spoken(calibration, (i) => `${confidence[i]} posts`)}`}>
        {columns.map(({ x, y, width, height }, i) => (
          <rect key={x} class="sure" x={x} y={y} width={width} height={height} rx="1.5">
            <title>{`${range(calibration, i)}: ${count(confidence[i]!)} posts`}</title>
          </rect>
        ))}
      </Plot>
      <Scale />
    </div>
  );
}

function Calibration({ quality: { calibration } }: { quality: ModelQuality }) {
  const { bins } = calibration;
  const columns = columnChart(
    bins.map(({ accuracy }) => accuracy),
    size,
    1,
  );
  return (
    <div class="columns-chart">
      <h3>
        How many of them are right <span class="quiet">the line: if it were as right as it is sure</span>
      </h3>
      <Plot
        label={`Accuracy by confidence: ${spoken(calibration, (i) => `${measure(bins[i]!.accuracy)} right`)}`}
      >
        {columns.map(({ x, y, width, height }, i) => {
          const { rows, accuracy, confidence } = bins[i]!;
          if (accuracy === null || confidence === null) return null;
          const level = size.height * (1 - confidence);
          return (
            <g key={x}>
              {/* Bins of a few posts are pale: chance moves them. */}
              <rect
                class={`right ${rows < 10 ? 'few' : ''}`}
                x={x}
                y={y}
                width={width}
                height={height}
                rx="1.5"
              >
                <title>{`${range(calibration, i)}: ${measure(accuracy)} of ${count(rows)} posts right`}</title>
              </rect>
              <path class="says" d={`M${x - 1},${level}h${width + 2}`} />
            </g>
          );
        })}
      </Plot>
      <Scale />
    </div>
  );
}

function Plot({ label, children }: { label: string; children: preact.ComponentChildren }) {
  return (
    <svg
      viewBox={`0 0 ${size.width} ${size.height}`}
      preserveAspectRatio="none"
      role="img"
      aria-label={label}
    >
      {children}
    </svg>
  );
}

function Scale() {
  return (
    <p class="scale quiet number" aria-hidden="true">
      <span>0 %</span>
      <span>50 %</span>
      <span>100 %</span>
    </p>
  );
}

type Bins = ModelQuality['calibration'];

function range({ bins }: Bins, i: number): string {
  const { from, to } = bins[i]!;
  return `${Math.round(from * 100)} to ${Math.round(to * 100)} %`;
}

function spoken(calibration: Bins, value: (i: number) => string): string {
  return calibration.bins.map((_, i) => `${range(calibration, i)}: ${value(i)}`).join(', ');
}
