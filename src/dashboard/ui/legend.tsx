/** Which colour is which, in words. */
import { sentiments } from '../messages.js';
import { SentimentMark } from './icons.js';

export function SentimentLegend({ neutral }: { neutral: boolean }) {
  return (
    <ul class="legend">
      {sentiments
        .filter((sentiment) => neutral || sentiment !== 'neutral')
        .map((sentiment) => (
          <li key={sentiment}>
            <SentimentMark of={sentiment} />
            {sentiment}
          </li>
        ))}
    </ul>
  );
}
