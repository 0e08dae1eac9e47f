/** Is it right? One line on the live page, which leads to the view of the models. */
import type { ModelFigures } from '../messages.js';
import { measure } from './format.js';
import { modelSentence } from './model-sentence.js';

export function RightLine({ quality, running }: { quality: ModelFigures | null; running: boolean }) {
  const model = quality?.models[0];
  if (quality === null || model === undefined) return null;
  const { tone, head } = modelSentence(quality, model, running);
  return (
    <a class="panel right-line number" href="#model">
      <b>{head}</b>
      <span class="quiet">
        {model.model}
        {tone === 'measured' ? ` · coverage ${measure(model.coverage)}` : ''}
      </span>
    </a>
  );
}
