/** The view of the models: how right, on which posts, how sure; who scores now; what has moved. */
import { useState } from 'preact/hooks';
import type { ModelFigures, ModelQuality } from '../messages.js';
import { Command } from './command.js';
import { ModelConfidence } from './model-confidence.js';
import { ModelDrift } from './model-drift.js';
import { ModelFacts } from './model-facts.js';
import { ModelMeasures } from './model-measures.js';
import { modelSentence } from './model-sentence.js';
import { ModelTable } from './model-table.js';
import type { PageModel } from './page-model.js';

export function ModelView({ model, now }: { model: PageModel; now: number }) {
  const [chosen, setChosen] = useState<string>();
  const { quality, flow } = model;
  if (quality === null) return <Counting />;
  const shown = shownModel(quality, chosen);
  const { tone, head, detail, command } = modelSentence(quality, shown, flow.running);
  return (
    <>
      <div class={`flow-head ${tone}`}>
        <h1>
          <span class="beacon" aria-hidden="true" />
          {head}
        </h1>
        <p class="quiet number">{detail}</p>
        {command !== undefined && <Command text={command} />}
      </div>
      {flow.model?.fault && <Fault what="The model that is asked for cannot be had." {...flow.model.fault} />}
      {(shown !== undefined || flow.model !== null) && (
        <ModelFacts flow={flow} quality={quality} shown={shown} now={now} />
      )}
      {quality.models.length > 1 && (
        <ModelTable models={quality.models} shown={shown?.model} now={now} onChoose={setChosen} />
      )}
      {shown !== undefined && (
        <>
          {shown.accuracy !== null && <ModelMeasures quality={shown} labels={quality.labels} />}
          <div class="columns even">
            <ModelConfidence quality={shown} />
            <ModelDrift quality={quality} run={flow.model} />
          </div>
        </>
      )}
    </>
  );
}

function Counting() {
  return (
    <div class="flow-head quiet" role="status">
      <h1>Counting what was right…</h1>
    </div>
  );
}

/** The one that was chosen, else the one that scored most. */
function shownModel({ models }: ModelFigures, chosen: string | undefined): ModelQuality | undefined {
  return models.find(({ model }) => model === chosen) ?? models[0];
}

function Fault({ what, message, fix }: { what: string; message: string; fix: string | null }) {
  return (
    <p class="model-fault" role="status">
      <b>{what}</b> {message}.{fix === null ? '' : ` ${fix}.`}
    </p>
  );
}
