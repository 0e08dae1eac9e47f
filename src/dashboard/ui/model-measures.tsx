/** The confusion matrix, and the measures that are computed from it. */
import { useMemo } from 'preact/hooks';
import { type ConfusionPalette, confusionSvg } from '../../figures/confusion-svg.js';
import type { ModelQuality, Sentiment } from '../messages.js';
import { count, measure } from './format.js';
import { SentimentMark } from './icons.js';
import { evidence } from './model-sentence.js';

/** From this share of the row on, a cell is more measure than wash. */
const dark = 0.66;

/** In the theme's colours, whichever it is. */
const palette: ConfusionPalette = {
  ground: 'none',
  ink: 'var(--ink-soft)',
  soft: 'var(--ink-soft)',
  cell: (share) => `color-mix(in oklab, var(--measure) ${(share * 100).toFixed(1)}%, var(--measure-wash))`,
  count: (share) => (share > dark ? 'var(--on-measure)' : 'var(--ink)'),
  share: (share) => (share > dark ? 'var(--on-measure)' : 'var(--ink)'),
};

export function ModelMeasures({ quality, labels }: { quality: ModelQuality; labels: string | null }) {
  return (
    <section class="panel measures" aria-labelledby="measures-title">
      <header class="panel-head">
        <h2 id="measures-title">What it took for what</h2>
        <p class="readout number">by {evidence(quality)}</p>
      </header>
      <div class="measures-pair">
        <Confusion quality={quality} />
        <div>
          <ClassTable quality={quality} />
          <p class="chart-foot quiet">
            Labels read as <code>{labels}</code>.
            {quality.evaluated < quality.posts &&
              ` All of it is by the posts with a label alone: the other ${count(quality.posts - quality.evaluated)} may be easier, or harder.`}
          </p>
        </div>
      </div>
    </section>
  );
}

function Confusion({ quality: { confusion } }: { quality: ModelQuality }) {
  const svg = useMemo(() => confusionSvg(confusion, { palette }), [confusion]);
  const { labels, counts } = confusion;
  const spoken = labels.map(
    (actual, a) => `${actual}: ${labels.map((said, s) => `${counts[a]![s]} as ${said}`).join(', ')}`,
  );
  return (
    <figure class="confusion">
      <div
        role="img"
        aria-label={`Confusion matrix. ${spoken.join('; ')}.`}
        dangerouslySetInnerHTML={{ __html: svg }}
      />
      <figcaption class="chart-foot quiet">
        A row for what the label says, a column for what the model said; shaded by the share of the row.
      </figcaption>
    </figure>
  );
}

function ClassTable({ quality }: { quality: ModelQuality }) {
  const { per_class, accuracy } = quality;
  return (
    <table class="class-table number">
      <thead>
        <tr>
          <th scope="col">Class</th>
          <th scope="col">Posts</th>
          <th scope="col" title="Of what it called so, the share that is so">
            Precision
          </th>
          <th scope="col" title="Of what is so, the share that it called so">
            Recall
          </th>
          <th scope="col">F1</th>
        </tr>
      </thead>
      <tbody>
        {per_class.map(({ label, support, precision, recall, f1 }) => (
          <tr key={label}>
            <th scope="row">
              <SentimentMark of={label as Sentiment} /> {label}
            </th>
            <td>{count(support)}</td>
            <Bar share={precision} />
            <Bar share={recall} />
            <Bar share={f1} />
          </tr>
        ))}
      </tbody>
      <tbody>
        <tr>
          <th scope="row" title="The mean of the classes, however many posts each has">
            macro
          </th>
          <td>{count(quality.evaluated)}</td>
          <Bar share={quality.macro_precision} />
          <Bar share={quality.macro_recall} />
          <Bar share={quality.macro_f1} />
        </tr>
        <tr>
          <th scope="row" title="Over the posts whose label is positive or negative">
            positive against negative
          </th>
          <td>{count(polar(quality))}</td>
          <Bar share={quality.precision_positive} />
          <Bar share={quality.recall_positive} />
          <Bar share={quality.f1_positive} />
        </tr>
        <tr>
          <th scope="row">accuracy</th>
          <td>{count(quality.evaluated)}</td>
          <td colspan={2} />
          <Bar share={accuracy} />
        </tr>
      </tbody>
    </table>
  );
}

function polar({ per_class }: ModelQuality): number {
  return per_class.reduce((sum, { label, support }) => sum + (label === 'neutral' ? 0 : support), 0);
}

function Bar({ share }: { share: number | null }) {
  return (
    <td class="measure">
      {measure(share)}
      <span class="track" aria-hidden="true">
        <span style={{ width: `${(share ?? 0) * 100}%` }} />
      </span>
    </td>
  );
}
