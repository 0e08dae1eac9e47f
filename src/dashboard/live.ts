/**
 * The pump behind `/api/events`. Changes only raise revision numbers; a beat at most every `gapMs` reads what changed,
 * once for all viewers, and sends each of them what it has not seen. A viewer whose connection is full is left alone
 * until it drains and then gets the newest state of what it missed: nothing is queued for anybody, so a slow viewer
 * costs one unsent message. Without viewers the feed is not subscribed and nothing is read.
 */
import type { DashboardFeed, FeedChange } from './feed.js';
import { type History, type Journey, type PageState, type Part, parts } from './messages.js';
import { RecentBatches } from './recent-batches.js';

/** One connection. */
export interface Viewer {
  /** Takes one message; false when the connection is full and `ready` will tell when it is not. */
  send(event: 'state' | 'update', json: string): boolean;
}

export interface Seat {
  /** The connection has drained. */
  ready(): void;
  /** The viewer has gone. */
  leave(): void;
  /** Since when the connection is full, or undefined. */
  fullSince(): number | undefined;
}

export interface LiveOptions {
  gapMs: number;
  now(): number;
  version: string;
  /** A part that could not be read; it is tried again at its next change. */
  onError(error: unknown): void;
}

const keptJourneys = 50;

interface SeatState {
  readonly viewer: Viewer;
  /** Revision of each part as it was sent. */
  readonly seen: Map<Part, number>;
  batchSeq: number;
  journeyRevision: number;
  fullSince: number | undefined;
  greeted: boolean;
}

/** A part as it was last read, ready to be sent to any number of viewers. */
interface ReadPart {
  readonly revision: number;
  readonly json: string;
  /** Only of history: its newest batch. */
  readonly seq: number;
}

export class LivePump {
  readonly #feed: DashboardFeed;
  readonly #options: LiveOptions;
  readonly #seats = new Set<SeatState>();
  readonly #revisions = new Map<Part, number>();
  readonly #read = new Map<Part, ReadPart>();
  readonly #journeys = new Map<string, { revision: number; journey: Journey }>();
  readonly #batches = new RecentBatches();
  #revision = 0;
  #unsubscribe: (() => void) | undefined;
  #timer: NodeJS.Timeout | undefined;
  #lastBeat = Number.NEGATIVE_INFINITY;
  #beating = false;

  constructor(feed: DashboardFeed, options: LiveOptions) {
    this.#feed = feed;
    this.#options = options;
  }

  get viewers(): number {
    return this.#seats.size;
  }

  /** Seats a viewer: it gets the whole state at the next beat, then what changes. */
  join(viewer: Viewer): Seat {
    const seat: SeatState = {
      viewer,
      seen: new Map(),
      batchSeq: 0,
      journeyRevision: this.#revision,
      fullSince: undefined,
      greeted: false,
    };
    if (this.#seats.size === 0) this.#wakeUp();
    this.#seats.add(seat);
    this.#schedule();
    return {
      ready: () => {
        seat.fullSince = undefined;
        this.#schedule();
      },
      leave: () => {
        if (this.#seats.delete(seat) && this.#seats.size === 0) this.#rest();
      },
      fullSince: () => seat.fullSince,
    };
  }

  /** The whole state now, read for one request. */
  async state(): Promise<PageState> {
    const entries = await Promise.all(
      parts.map(async (part) => [part, await this.#feed.read(part)] as const),
    );
    return {
      ...(Object.fromEntries(entries) as Pick<PageState, Part>),
      lake: this.#feed.lake,
      version: this.#options.version,
      now: this.#options.now(),
    };
  }

  #wakeUp(): void {
    for (const part of parts) this.#revisions.set(part, ++this.#revision);
    this.#unsubscribe = this.#feed.subscribe((change) => this.#note(change));
  }

  #rest(): void {
    this.#unsubscribe?.();
    this.#unsubscribe = undefined;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#batches.clear();
    this.#journeys.clear();
  }

  #note(change: FeedChange): void {
    const revision = ++this.#revision;
    if ('part' in change) {
      this.#revisions.set(change.part, revision);
    } else if ('batch' in change) {
      this.#batches.push(change.batch);
    } else {
      this.#journeys.delete(change.journey.post_id);
      this.#journeys.set(change.journey.post_id, { revision, journey: change.journey });
      if (this.#journeys.size > keptJourneys) this.#journeys.delete(this.#journeys.keys().next().value!);
    }
    this.#schedule();
  }

  #schedule(): void {
    if (this.#timer !== undefined || this.#beating || this.#seats.size === 0) return;
    const wait = Math.max(0, this.#lastBeat + this.#options.gapMs - this.#options.now());
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      void this.#beat();
    }, wait);
  }

  async #beat(): Promise<void> {
    this.#beating = true;
    this.#lastBeat = this.#options.now();
    const revision = this.#revision;
    const free = [...this.#seats].filter((seat) => seat.fullSince === undefined);
    await Promise.all(parts.filter((part) => this.#mustRead(part, free)).map((part) => this.#readPart(part)));
    for (const seat of free) if (this.#seats.has(seat)) this.#serve(seat);
    this.#beating = false;
    if (this.#revision > revision || [...this.#seats].some((seat) => !seat.greeted)) this.#schedule();
  }

  #mustRead(part: Part, seats: readonly SeatState[]): boolean {
    const read = this.#read.get(part);
    const fresh =
      read?.revision === this.#revisions.get(part) && (part !== 'history' || this.#batches.covers(read!.seq));
    return !fresh && seats.some((seat) => this.#isOwed(seat, part));
  }

  /** Never rejects: what cannot be read is reported, and tried again when it changes or somebody new comes. */
  async #readPart(part: Part): Promise<void> {
    const revision = this.#revisions.get(part)!;
    try {
      const value = await this.#feed.read(part);
      const seq = part === 'history' ? (value as History).seq : 0;
      this.#read.set(part, { revision, json: JSON.stringify(value), seq });
    } catch (error) {
      this.#options.onError(error);
    }
  }

  /** Whether this part must go to this viewer whole. */
  #isOwed(seat: SeatState, part: Part): boolean {
    if (seat.seen.get(part) !== this.#revisions.get(part)) return true;
    return part === 'history' && !this.#batches.covers(seat.batchSeq);
  }

  #serve(seat: SeatState): void {
    const owed = parts.filter((part) => this.#isOwed(seat, part));
    if (!seat.greeted && !owed.every((part) => this.#read.has(part))) return;
    const fields: string[] = [];
    for (const part of owed) {
      const read = this.#read.get(part);
      if (read === undefined || (seat.seen.get(part) === read.revision && part !== 'history')) continue;
      seat.seen.set(part, read.revision);
      if (part === 'history') seat.batchSeq = read.seq;
      fields.push(`"${part}":${read.json}`);
    }
    const batches = this.#batches.after(seat.batchSeq);
    if (batches.length > 0) fields.push(`"batches":${JSON.stringify(batches)}`);
    seat.batchSeq = batches.at(-1)?.seq ?? seat.batchSeq;
    const journeys = [...this.#journeys.values()].filter((entry) => entry.revision > seat.journeyRevision);
    if (journeys.length > 0)
      fields.push(`"journeys":${JSON.stringify(journeys.map((entry) => entry.journey))}`);
    seat.journeyRevision = Math.max(seat.journeyRevision, ...journeys.map((entry) => entry.revision));
    if (fields.length === 0) return;

    fields.push(`"now":${this.#options.now()}`);
    if (!seat.greeted) {
      fields.push(
        `"lake":${JSON.stringify(this.#feed.lake)}`,
        `"version":${JSON.stringify(this.#options.version)}`,
      );
    }
    const taken = seat.viewer.send(seat.greeted ? 'update' : 'state', `{${fields.join()}}`);
    seat.greeted = true;
    if (!taken) seat.fullSince = this.#options.now();
  }
}
