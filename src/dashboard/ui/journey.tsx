/** One typed post on its way: five stations, when each was reached, and what came out. */
import { type Journey, type JourneyStage, journeyStages } from '../messages.js';
import { duration } from './format.js';
import { Verdict } from './post.js';

const stationNames: Record<JourneyStage, string> = {
  landed: 'landed',
  bronze: 'bronze',
  silver: 'silver',
  gold: 'scored',
  application: 'counted',
};

interface JourneyProps {
  journey: Journey;
  /** With its stations; else one line. */
  full: boolean;
  now: number;
}

export function JourneyView({ journey, full, now }: JourneyProps) {
  const { text, reached, scored, quarantined } = journey;
  const landed = reached.landed ?? now;
  return (
    <li
      class={`journey ${full ? 'full' : 'brief'} ${scored?.predicted_sentiment ?? ''}`}
      data-post={journey.post_id}
    >
      <p class="journey-text">{text}</p>
      {full && <Stations reached={reached} stopped={quarantined !== null} />}
      <p class="journey-end number" role="status">
        {scored !== null ? (
          <>
            <Verdict sentiment={scored.predicted_sentiment} score={scored.predicted_score} />
            {full && <span class="quiet">{duration((reached.gold ?? now) - landed)} after landing</span>}
          </>
        ) : quarantined !== null ? (
          <span class="negative-ink">
            set aside by the rule “{quarantined.rule}”: {quarantined.reason}
          </span>
        ) : (
          <span class="quiet" aria-hidden="true">
            on its way for {duration(Math.max(0, now - landed))}
          </span>
        )}
      </p>
    </li>
  );
}

function Stations({ reached, stopped }: { reached: Journey['reached']; stopped: boolean }) {
  const furthest = journeyStages.findLastIndex((stage) => reached[stage] !== undefined);
  return (
    <ol class="stations number">
      {journeyStages.map((stage, i) => {
        const state = i <= furthest ? 'done' : i === furthest + 1 && !stopped ? 'next' : 'ahead';
        const since =
          reached[stage] === undefined || reached.landed === undefined
            ? undefined
            : reached[stage] - reached.landed;
        const hue = stage === 'landed' ? 'ink-soft' : stage;
        return (
          <li key={stage} class={state} style={{ '--hue': `var(--${hue})` }}>
            <span class="coin" aria-hidden="true" />
            <span>{stationNames[stage]}</span>
            <small class="quiet">{since === undefined ? '' : i === 0 ? 'now' : `+${duration(since)}`}</small>
            <span class="unseen">{state === 'done' ? 'reached' : 'not reached yet'}</span>
          </li>
        );
      })}
    </ol>
  );
}
