/**
 * The page's line to its server: one EventSource, opened again when it breaks and closed while nobody looks. The first
 * event of each connection is the whole state, so nothing has to be caught up.
 */
import type { Failure, Journey, PageEvents, PostDraft } from '../messages.js';

/** A hidden page keeps its line this long, so that a glance at another tab costs nothing. */
const hiddenGraceMs = 15_000;
const firstRetryMs = 1000;
const longestRetryMs = 10_000;

export interface Listeners {
  onState(state: PageEvents['state']): void;
  onUpdate(update: PageEvents['update']): void;
  onLost(retryAt: number): void;
}

/** Opens the line and keeps it open. */
export class Connection {
  readonly #listeners: Listeners;
  #source: EventSource | undefined;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #hide: ReturnType<typeof setTimeout> | undefined;
  #failures = 0;

  constructor(listeners: Listeners) {
    this.#listeners = listeners;
    document.addEventListener('visibilitychange', () => this.#onVisibility());
    this.open();
  }

  /** Connects now, whatever the waiting time. */
  open(): void {
    clearTimeout(this.#retry);
    this.#source?.close();
    const source = new EventSource('/api/events');
    this.#source = source;
    source.addEventListener('state', (event) => {
      this.#failures = 0;
      this.#listeners.onState(JSON.parse(event.data));
    });
    source.addEventListener('update', (event) => this.#listeners.onUpdate(JSON.parse(event.data)));
    source.addEventListener('error', () => this.#onError(source));
  }

  #onError(source: EventSource): void {
    if (source !== this.#source) return;
    source.close();
    const wait = Math.min(longestRetryMs, firstRetryMs * 1.6 ** this.#failures++);
    this.#retry = setTimeout(() => this.open(), wait);
    this.#listeners.onLost(Date.now() + wait);
  }

  #onVisibility(): void {
    clearTimeout(this.#hide);
    if (document.hidden) {
      this.#hide = setTimeout(() => {
        clearTimeout(this.#retry);
        this.#source?.close();
        this.#source = undefined;
      }, hiddenGraceMs);
    } else if (this.#source === undefined || this.#source.readyState === EventSource.CLOSED) {
      this.open();
    }
  }
}

export function sendPost(draft: PostDraft): Promise<Journey> {
  return post('/api/posts', draft) as Promise<Journey>;
}

export async function switchStream(name: string, verb: 'start' | 'stop'): Promise<void> {
  await post(`/api/streams/${encodeURIComponent(name)}/${verb}`);
}

/** @throws an Error whose message can be shown: what the server said, and what to do */
async function post(path: string, body?: unknown): Promise<unknown> {
  const request: RequestInit =
    body === undefined
      ? { method: 'POST' }
      : { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
  const answer = await fetch(path, request).catch(() => {
    throw new Error('The server does not answer.');
  });
  const text = await answer.text();
  if (answer.ok) return text === '' ? undefined : JSON.parse(text);
  const { message, fix } = (JSON.parse(text) as Failure).error;
  throw new Error(fix === null ? message : `${message}. ${fix}`);
}
