/** Whether the newest posts are like those before: an index each for score, length and class, against its limit. */
import type { DriftFigures, ModelFigures, RunModel, Sentiment } from '../messages.js';
import { count, measure } from './format.js';
import { SentimentMark } from './icons.js';
import { driftLevel } from './model-sentence.js';

const indexes = [
  ['Predicted class', 'class_psi'],
  ['Score', 'score_psi'],
  ['Length of the text', 'length_psi'],
] as const;

export function ModelDrift({ quality, run }: { quality: ModelFigures; run: RunModel | null }) {
  const figures = run === null ? (quality.last?.drift ?? null) : run.drift.figures;
  return (
    <section class="panel drift" aria-labelledby="drift-title">
      <header class="panel-head">
        <h2 id="drift-title">Have posts moved?</h2>
        {figures !== null && (
          <p class="readout number">the newest {count(figures.posts)} posts against the baseline</p>
        )}
      </header>
      {figures === null ? (
        <p class="nothing">{waiting(run)}</p>
      ) : (
        <Indexes figures={figures} limit={quality.drift_limit} />
      )}
    </section>
  );
}

function Indexes({ figures, limit }: { figures: DriftFigures; limit: number }) {
  const top = Math.max(limit * 1.6, ...indexes.map(([, key]) => figures[key]));
  return (
    <>
      <ul class="indexes number">
        {indexes.map(([name, key]) => {
          const level = driftLevel(figures[key], limit);
          return (
            <li key={key} class={level}>
              <span>{name}</span>
              <span class="gauge" aria-hidden="true">
                <span style={{ width: `${(figures[key] / top) * 100}%` }} />
                <i style={{ left: `${(limit / top) * 100}%` }} />
              </span>
              <b>{figures[key].toFixed(3)}</b>
              <span class="level">{level}</span>
            </li>
          );
        })}
      </ul>
      <table class="shares number">
        <thead>
          <tr>
            <th scope="col">Share of posts</th>
            <th scope="col">Baseline</th>
            <th scope="col">Now</th>
          </tr>
        </thead>
        <tbody>
          {Object.entries(figures.shares).map(([label, { now, baseline }]) => (
            <tr key={label}>
              <th scope="row">
                <SentimentMark of={label as Sentiment} /> {label}
              </th>
              <td>{measure(baseline)}</td>
              <td class="strong">{measure(now)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <p class="chart-foot quiet">
        Population stability index: 0 is no change; from {limit} on (the mark) it is told as an alarm.
      </p>
    </>
  );
}

function waiting(run: RunModel | null): string {
  if (run === null) return 'No batch has been compared with a baseline yet.';
  return run.drift.baseline_posts === null
    ? 'The first posts that it scores become the baseline; then new ones are compared with them.'
    : 'The baseline stands. New posts are compared with it from the 500th on.';
}
