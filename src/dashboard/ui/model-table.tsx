/** Models side by side, each by the posts that it scored itself. */
import type { ModelQuality } from '../messages.js';
import { ago, count, measure } from './format.js';

interface TableProps {
  /** By posts scored, most first. */
  models: readonly ModelQuality[];
  /** The one whose measures stand below. */
  shown: string | undefined;
  now: number;
  onChoose(model: string): void;
}

const shares = [
  ['Accuracy', 'accuracy'],
  ['Macro recall', 'macro_recall'],
  ['Macro F1', 'macro_f1'],
  ['F1 positive', 'f1_positive'],
] as const;

export function ModelTable({ models, shown, now, onChoose }: TableProps) {
  return (
    <section class="panel totals models" aria-labelledby="models-title">
      <header class="panel-head">
        <h2 id="models-title">Side by side</h2>
        <p class="readout">each by the posts that it scored itself</p>
      </header>
      <div class="scroller">
        <table class="number">
          <thead>
            <tr>
              <th scope="col">Model</th>
              <th scope="col">Posts</th>
              <th scope="col">Coverage</th>
              {shares.map(([name]) => (
                <th scope="col" key={name}>
                  {name}
                </th>
              ))}
              <th scope="col">Last scored</th>
            </tr>
          </thead>
          <tbody>
            {models.map((model) => (
              <tr key={model.model} class={model.model === shown ? 'chosen' : ''}>
                <th scope="row">
                  <button
                    type="button"
                    class="plain"
                    aria-pressed={model.model === shown}
                    onClick={() => onChoose(model.model)}
                  >
                    {model.model}
                  </button>
                </th>
                <td>{count(model.posts)}</td>
                <td>{measure(model.coverage)}</td>
                {shares.map(([name, key]) => (
                  <td key={name} class="strong">
                    {measure(model[key])}
                  </td>
                ))}
                <td>{ago(model.scored_to, now)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <p class="chart-foot quiet">
        Other posts, other measures: <code>murmur model compare A B --data FILE</code> judges both by the same
        rows.
      </p>
    </section>
  );
}
