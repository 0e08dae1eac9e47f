/** The few signs the page uses. Each is decoration beside a word or a label. */
import type { Sentiment } from '../messages.js';

export function PauseIcon() {
  return (
    <svg viewBox="0 0 16 16" width="14" height="14" aria-hidden="true">
      <path
        d="M5 3.2v9.6M11 3.2v9.6"
        stroke="currentColor"
        stroke-width="2.2"
        stroke-linecap="round"
        fill="none"
      />
    </svg>
  );
}

export function PlayIcon() {
  return (
    <svg viewBox="0 0 16 16" width="14" height="14" aria-hidden="true">
      <path d="M4.6 2.9v10.2L13 8z" fill="currentColor" stroke="currentColor" stroke-linejoin="round" />
    </svg>
  );
}

/** Up, level, down: the shape says what the colour says. */
export function SentimentMark({ of }: { of: Sentiment }) {
  const shapes: Record<Sentiment, string> = {
    positive: 'M6 2 10.6 10H1.4z',
    neutral: 'M2.4 4.6h7.2v2.8H2.4z',
    negative: 'M6 10 1.4 2h9.2z',
  };
  return (
    <svg class={`mark ${of}`} viewBox="0 0 12 12" width="11" height="11" aria-hidden="true">
      <path d={shapes[of]} fill="currentColor" />
    </svg>
  );
}

/** A small flock, most of it of one mind. */
export function Logo() {
  const blue = [
    [4.5, 20.5, 1.6],
    [9, 17, 2.1],
    [14, 14.2, 2.7],
    [20, 11.4, 3.3],
    [13.2, 20.6, 1.8],
    [18.6, 18.4, 2.1],
  ];
  const orange = [
    [26.6, 8, 2.6],
    [24.6, 16.6, 1.8],
    [19.4, 24.2, 1.4],
  ];
  const dots = (all: number[][], fill: string) =>
    all.map(([cx, cy, r]) => <circle key={`${cx}`} cx={cx!} cy={cy!} r={r!} fill={`var(--${fill})`} />);
  return (
    <svg class="logo" viewBox="0 0 32 32" width="30" height="30" aria-hidden="true">
      {dots(blue, 'positive')}
      {dots(orange, 'negative')}
    </svg>
  );
}

export function ThemeIcon({ theme }: { theme: 'system' | 'light' | 'dark' }) {
  return (
    <svg
      viewBox="0 0 20 20"
      width="17"
      height="17"
      aria-hidden="true"
      fill="none"
      stroke="currentColor"
      stroke-width="1.6"
    >
      {theme === 'dark' && (
        <path d="M16 11.6A6.6 6.6 0 0 1 8.4 4 6.6 6.6 0 1 0 16 11.6z" stroke-linejoin="round" />
      )}
      {theme === 'light' && (
        <>
          <circle cx="10" cy="10" r="3.4" />
          <path
            d="M10 2.4v1.8M10 15.8v1.8M2.4 10h1.8M15.8 10h1.8M4.6 4.6l1.3 1.3M14.1 14.1l1.3 1.3M4.6 15.4l1.3-1.3M14.1 5.9l1.3-1.3"
            stroke-linecap="round"
          />
        </>
      )}
      {theme === 'system' && (
        <>
          <circle cx="10" cy="10" r="6.4" />
          <path d="M10 3.6a6.4 6.4 0 0 1 0 12.8z" fill="currentColor" stroke="none" />
        </>
      )}
    </svg>
  );
}
