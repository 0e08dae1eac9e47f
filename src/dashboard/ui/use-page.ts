/** The page's one piece of state: the line to the server and what came over it. */
import { useEffect, useRef, useState } from 'preact/hooks';
import type { Journey } from '../messages.js';
import { Connection } from './connection.js';
import { type Link, modelOf, type PageModel, updated, withJourney } from './page-model.js';

export interface Page {
  link: Link;
  model: PageModel | undefined;
  /** When the next try is due, while the line is lost. */
  retryAt: number;
  /** When the line was lost. */
  lostAt: number;
  /** Tries to connect at once. */
  reconnect(): void;
  /** Follows a post that was typed here. */
  follow(journey: Journey): void;
}

interface Held {
  link: Link;
  model: PageModel | undefined;
  retryAt: number;
  lostAt: number;
}

export function usePage(): Page {
  const [held, setHeld] = useState<Held>({ link: 'connecting', model: undefined, retryAt: 0, lostAt: 0 });
  const connection = useRef<Connection | undefined>(undefined);

  useEffect(() => {
    connection.current = new Connection({
      onState: (state) =>
        setHeld(({ model }) => {
          // A newer Murmur serves a newer page: this one would misread its messages.
          if (model !== undefined && model.version !== state.version) location.reload();
          return {
            link: 'live',
            model: modelOf(state, model?.journeys ?? [], Date.now()),
            retryAt: 0,
            lostAt: 0,
          };
        }),
      onUpdate: (update) =>
        setHeld((before) =>
          before.model === undefined
            ? before
            : { ...before, model: updated(before.model, update, Date.now()) },
        ),
      onLost: (retryAt) =>
        setHeld((before) => ({
          ...before,
          link: 'lost',
          retryAt,
          lostAt: before.link === 'lost' ? before.lostAt : Date.now(),
        })),
    });
  }, []);

  return {
    ...held,
    reconnect: () => connection.current?.open(),
    follow: (journey) =>
      setHeld((before) =>
        before.model === undefined
          ? before
          : {
              ...before,
              model: { ...before.model, journeys: withJourney(before.model.journeys, journey, true) },
            },
      ),
  };
}

/** The browser's time, again every second, so that "3 s ago" stays true. */
export function useNow(): number {
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    const timer = setInterval(() => {
      if (!document.hidden) setNow(Date.now());
    }, 1000);
    return () => clearInterval(timer);
  }, []);
  return now;
}
