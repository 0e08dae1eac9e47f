/** The box to type a post into, and the way of what was typed through the lake. */
import { useState } from 'preact/hooks';
import { type Journey, maxDraftLength } from '../messages.js';
import { sendPost } from './connection.js';
import { JourneyView } from './journey.js';

interface ComposerProps {
  journeys: readonly Journey[];
  running: boolean;
  /** The server's time. */
  now: number;
  onSent(journey: Journey): void;
}

export function Composer({ journeys, running, now, onSent }: ComposerProps) {
  const [text, setText] = useState('');
  const [sending, setSending] = useState(false);
  const [fault, setFault] = useState<string>();

  const send = async () => {
    if (text.trim() === '' || sending) return;
    setSending(true);
    setFault(undefined);
    try {
      const journey = await sendPost({ text });
      onSent(journey);
      setText('');
    } catch (error) {
      setFault((error as Error).message);
    }
    setSending(false);
  };

  return (
    <section class="panel composer" aria-labelledby="composer-title">
      <header class="panel-head">
        <h2 id="composer-title">Say something</h2>
      </header>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void send();
        }}
      >
        <textarea
          name="text"
          rows={2}
          maxLength={maxDraftLength}
          value={text}
          placeholder="How was your day, @you?"
          aria-label="Your post"
          onInput={(event) => setText(event.currentTarget.value)}
          onKeyDown={(event) => {
            if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
            event.preventDefault();
            void send();
          }}
        />
        <button type="submit" class="primary" disabled={sending || text.trim() === ''}>
          Send
        </button>
      </form>
      <p class="composer-note quiet">
        {running
          ? 'It lands in the folder like any other post, and comes back scored.'
          : 'The pipeline is not running: it will wait in the folder until it does.'}
      </p>
      {fault !== undefined && (
        <p class="fault" role="alert">
          {fault}
        </p>
      )}
      {journeys.length > 0 && (
        <ol class="journeys">
          {journeys.map((journey, i) => (
            <JourneyView key={journey.post_id} journey={journey} full={i === 0} now={now} />
          ))}
        </ol>
      )}
    </section>
  );
}
