/** Who is loved or hated now: the top mentions as bars, stacked by sentiment. */
import { useState } from 'preact/hooks';
import { stackedBars } from '../../figures/stacked-bars.js';
import { type MentionBoards, type MentionRow, sentiments } from '../messages.js';
import { Choice } from './choice.js';
import { count, percent, short } from './format.js';
import { SentimentLegend } from './legend.js';
import { useFlip } from './use-flip.js';

const boards = {
  talked: { label: 'Most mentioned', none: '' },
  positive: { label: 'Most loved', none: 'Nobody has been praised yet.' },
  negative: { label: 'Most hated', none: 'Nobody has been scolded yet.' },
} as const;
type Board = keyof typeof boards;

export function People({ mentions }: { mentions: MentionBoards }) {
  const [board, setBoard] = useState<Board>('talked');
  const rows = mentions[board].filter((row) => board === 'talked' || row[board] > 0);
  return (
    <section class="panel people" aria-labelledby="people-title">
      <header class="panel-head">
        <h2 id="people-title">Who people talk about</h2>
        <Choice
          label="Order"
          options={Object.entries(boards).map(([value, { label }]) => ({ value: value as Board, label }))}
          value={board}
          onChange={(value) => setBoard(value)}
        />
      </header>
      {mentions.talked.length === 0 ? (
        <p class="nothing">Mentions such as @someone appear here once posts are scored.</p>
      ) : rows.length === 0 ? (
        <p class="nothing">{boards[board].none}</p>
      ) : (
        <Bars rows={rows} />
      )}
    </section>
  );
}

function Bars({ rows }: { rows: readonly MentionRow[] }) {
  const list = useFlip<HTMLOListElement>();
  const bars = stackedBars(rows.map((row) => sentiments.map((sentiment) => row[sentiment])));
  const withNeutral = rows.some((row) => row.neutral > 0);
  return (
    <>
      <SentimentLegend neutral={withNeutral} />
      <ol class="bars" ref={list}>
        {rows.map((row, i) => (
          <li key={row.mention} data-key={row.mention} title={describe(row)}>
            <span class="bar-name">@{row.mention}</span>
            <span class="bar" aria-hidden="true">
              {sentiments.map(
                (sentiment, s) =>
                  row[sentiment] > 0 && (
                    <span
                      key={sentiment}
                      class={sentiment}
                      style={{ width: `${bars[i]![s]!.width * 100}%` }}
                    />
                  ),
              )}
            </span>
            <span class="bar-count number" aria-hidden="true">
              {short(row.positive + row.neutral + row.negative)}
            </span>
            <span class={`bar-share number ${leaning(row)}`} aria-hidden="true">
              {percent(row.positive / (row.positive + row.neutral + row.negative))}
            </span>
            <span class="unseen">{describe(row)}</span>
          </li>
        ))}
      </ol>
      <p class="bars-foot quiet">Posts that name them, and the share that is positive.</p>
    </>
  );
}

function leaning({ positive, negative }: MentionRow): string {
  return positive === negative ? 'neutral-ink' : positive > negative ? 'positive-ink' : 'negative-ink';
}

function describe({ mention, positive, neutral, negative }: MentionRow): string {
  const middle = neutral > 0 ? `${count(neutral)} neutral, ` : '';
  return `@${mention}: ${count(positive)} positive, ${middle}${count(negative)} negative`;
}
