/** Who scores: name and since when, what it scored, what it costs, and what a second model thinks. */
import type { ComponentChildren } from 'preact';
import type { ModelFigures, ModelQuality } from '../messages.js';
import { ago, bytes, count, measure, plural } from './format.js';
import type { PageModel } from './page-model.js';

interface FactsProps {
  flow: PageModel['flow'];
  quality: ModelFigures;
  shown: ModelQuality | undefined;
  now: number;
}

export function ModelFacts({ flow, quality, shown, now }: FactsProps) {
  const run = flow.model;
  const scoredBy = run === null ? shown : quality.models.find(({ model }) => model === run.id);
  return (
    <dl class="facts panel">
      {run === null ? (
        <Fact name="Model" value={shown!.model} title={shown!.model}>
          last scored {ago(shown!.scored_to, now)}
        </Fact>
      ) : (
        <Fact name="Scores now" value={run.id} title={`${run.id}, digest ${run.digest}`}>
          since {ago(run.since, now)}
          {run.written === run.id ? '' : ` · ${run.written}`}
          {run.next === null ? '' : ` · ${run.next} takes over at the next batch`}
          {run.swaps === 0 ? '' : ` · ${plural(run.swaps, 'swap')} in this run`}
        </Fact>
      )}
      <Fact name="Posts it scored" value={count(scoredBy?.posts ?? 0)}>
        {run === null
          ? scoredBy === undefined
            ? ''
            : `first ${ago(scoredBy.scored_from, now)}`
          : `this run: ${count(run.texts)} texts, ${measure(run.texts === 0 ? 0 : run.cache_hits / run.texts)} from the cache`}
      </Fact>
      {run !== null && (
        <Fact name="Sessions loaded" value={count(run.loads.present)}>
          one a worker{run.rss === 0 ? '' : ` · ${bytes(run.rss)} of memory`}
          {' · '}
          {run.restarts === 0 ? 'no worker died' : `${plural(run.restarts, 'worker')} replaced`}
        </Fact>
      )}
      <ShadowFact flow={flow} quality={quality} />
    </dl>
  );
}

function ShadowFact({ flow, quality }: Pick<FactsProps, 'flow' | 'quality'>) {
  const shadow = flow.model === null ? quality.last?.shadow : flow.model.shadow;
  if (shadow === null || shadow === undefined) {
    return (
      <Fact name="Shadow" value="none">
        <code>shadow:</code> in murmur.yaml lets a second model score a sample
      </Fact>
    );
  }
  const fault = flow.model?.shadow?.fault;
  if (shadow.scored === 0) {
    return (
      <Fact name="Shadow" value="–">
        {fault ? (
          <span class="negative-ink">{fault.message}</span>
        ) : (
          `${shadow.model ?? 'not ready yet'}: nothing scored so far`
        )}
      </Fact>
    );
  }
  return (
    <Fact name="Shadow agrees" value={measure(shadow.agreed / shadow.scored)}>
      {shadow.model} · {count(shadow.agreed)} of {plural(shadow.scored, 'sampled post')}
      {fault ? <span class="negative-ink"> · {fault.message}</span> : ''}
    </Fact>
  );
}

interface FactProps {
  name: string;
  value: string;
  title?: string;
  children: ComponentChildren;
}

function Fact({ name, value, title, children }: FactProps) {
  return (
    <div class="fact number">
      <dt>{name}</dt>
      <dd>
        <strong title={title}>{value}</strong>
        <span class="quiet">{children}</span>
      </dd>
    </div>
  );
}
