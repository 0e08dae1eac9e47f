/** How a post and its score look wherever they stand. */
import type { Sentiment } from '../messages.js';
import { decimal } from './format.js';
import { SentimentMark } from './icons.js';

/** The text as it is, with its mentions set apart. This marks for the eye only; what counts as a mention the lake decides. */
export function PostText({ text }: { text: string }) {
  const pieces = text.split(/((?<![\w@])@\w{1,30})/u);
  return <>{pieces.map((piece, i) => (i % 2 === 1 ? <b key={`${i}`}>{piece}</b> : piece))}</>;
}

/** `▲ positive 98.2`: shape, word, and the probability of that word in percent. */
export function Verdict({ sentiment, score }: { sentiment: Sentiment; score: number }) {
  return (
    <span class={`verdict ${sentiment}`} title={`${sentiment}, with a probability of ${decimal(score)} %`}>
      <SentimentMark of={sentiment} />
      {sentiment} <b class="number">{score.toFixed(1)}</b>
    </span>
  );
}
