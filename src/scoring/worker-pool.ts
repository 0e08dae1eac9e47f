/**
 * The workers and the pieces of work before them. A worker that dies is replaced at once and what it held is done again;
 * the piece that it was computing may kill two workers, then it is given up.
 *
 * Many workers with one thread each, not one with many: as fast alone (750 texts/s on 2 cores either way), but twice as
 * fast when something else needs a core, because no thread waits for one that has lost its turn.
 */
import { MurmurError } from '../base/errors.js';
import type { Bundle } from './bundle.js';
import type { GoldenReport } from './golden.js';
import { type FromWorker, fromPlain } from './protocol.js';
import { type Piece, ScoreJob, type ScoreJobOptions } from './score-job.js';
import { scorerClosed } from './scorer-closed.js';
import { type WorkerEnd, WorkerProcess } from './worker-process.js';

export interface PoolOptions {
  /** Cores that all workers together may use. */
  threads: number;
  /** Another module in the place of ONNX Runtime; for tests. */
  runtime?: string;
}

export interface PoolStats {
  loads: number;
  restarts: number;
  tokens: number;
  padding: number;
  /** Bytes, the sum over the workers as they last told. */
  rss: number;
}

/** The place of one worker; who sits there may change. */
class Seat {
  worker!: WorkerProcess;
  ready = false;
  /** Sent and not answered, in order: the first is the one being computed. */
  readonly pieces: Piece[] = [];
  /** Deaths in a row before a session was loaded. */
  deathsAtLoad = 0;
  rss = 0;

  constructor(readonly threads: number) {}
}

/** More workers than this would only cost memory: from here on each gets more threads. */
const mostWorkers = 4;
/** A second piece waits at the worker, so that it need not wait for the channel. */
const piecesAtWorker = 2;
/** A text is given up, and a bundle too, when it killed so many workers. */
const mostDeaths = 2;
/** Milliseconds that a worker has to exit by itself at the end. */
const exitGrace = 5_000;

export class WorkerPool {
  readonly #seats: Seat[] = [];
  readonly #queue: Piece[] = [];
  readonly #options: PoolOptions;
  readonly #bundle: Bundle;
  readonly #ready: Promise<GoldenReport>;
  #settleReady!: { resolve: (goldens: GoldenReport) => void; reject: (e: unknown) => void };
  #failure: MurmurError | undefined;
  #closing = false;
  #onIdle: (() => void) | undefined;
  readonly #counts = { loads: 0, restarts: 0, tokens: 0, padding: 0 };

  /** Starts the first worker at once; the others follow when it is ready, so that it loads undisturbed. */
  constructor(bundle: Bundle, options: PoolOptions) {
    this.#bundle = bundle;
    this.#options = options;
    this.#ready = new Promise((resolve, reject) => {
      this.#settleReady = { resolve, reject };
    });
    this.#ready.catch(() => {});
    this.#openSeat(0);
  }

  get workers(): number {
    return Math.min(this.#options.threads, mostWorkers);
  }

  get stats(): PoolStats {
    return { ...this.#counts, rss: this.#seats.reduce((sum, seat) => sum + seat.rss, 0) };
  }

  /** Process ids of the workers that run now. */
  get pids(): number[] {
    return this.#seats.map((seat) => seat.worker.pid).filter((pid) => pid !== undefined);
  }

  /** Resolves when the first session is loaded, with its golden check; rejects with what stands in its way. */
  ready(): Promise<GoldenReport> {
    return this.#ready;
  }

  /**
   * Computes pieces of model inputs and hands each on as it is done, in any order. One failure ends all that has not begun.
   * @throws scoring.crashed, and why the bundle cannot be served; the signal's reason when it aborts
   */
  run(options: ScoreJobOptions): Promise<void> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    const job = new ScoreJob(options);
    this.#queue.push(...job.pieces);
    this.#dispatch();
    return job.done;
  }

  /** Waits for what is queued and running, then lets every worker release its session and exit. */
  async close(): Promise<void> {
    if (this.#pending()) {
      await new Promise<void>((resolve) => {
        this.#onIdle = resolve;
      });
    }
    this.#closing = true;
    this.#settleReady.reject(scorerClosed());
    await Promise.all(this.#seats.map((seat) => this.#dismiss(seat)));
  }

  #pending(): boolean {
    return this.#queue.length > 0 || this.#seats.some((seat) => seat.pieces.length > 0);
  }

  #openSeat(index: number): void {
    const share = Math.floor(this.#options.threads / this.workers);
    const rest = this.#options.threads % this.workers;
    const seat = new Seat(share + (index < rest ? 1 : 0));
    this.#hire(seat);
    this.#seats.push(seat);
  }

  #hire(seat: Seat): void {
    const worker = new WorkerProcess((message) => this.#receive(seat, worker, message));
    seat.worker = worker;
    seat.ready = false;
    const { runtime } = this.#options;
    worker.send({ type: 'load', bundle: this.#bundle, threads: seat.threads, runtime });
    void worker.ended.then((end) => this.#bury(seat, end));
  }

  async #dismiss(seat: Seat): Promise<void> {
    const { worker } = seat;
    worker.keepParent(true);
    if (seat.ready) worker.send({ type: 'close' });
    else worker.kill();
    const timer = setTimeout(() => worker.kill(), exitGrace);
    await worker.ended;
    clearTimeout(timer);
  }

  #receive(seat: Seat, worker: WorkerProcess, message: FromWorker): void {
    if (seat.worker !== worker || this.#closing) return;
    switch (message.type) {
      case 'ready':
        this.#counts.loads++;
        seat.ready = true;
        seat.deathsAtLoad = 0;
        this.#settleReady.resolve(message.goldens);
        while (this.#seats.length < this.workers) this.#openSeat(this.#seats.length);
        break;
      case 'refused':
        this.#fail(fromPlain(message.error));
        break;
      case 'scored': {
        this.#counts.tokens += message.tokens;
        this.#counts.padding += message.padding;
        seat.rss = message.rss;
        const piece = this.#take(seat, message.piece);
        piece?.job.deliver(piece, message);
        break;
      }
      case 'failed':
        this.#take(seat, message.piece)?.job.end(fromPlain(message.error));
        break;
    }
    this.#dispatch();
  }

  #take(seat: Seat, id: number): Piece | undefined {
    const at = seat.pieces.findIndex((piece) => piece.id === id);
    return at < 0 ? undefined : seat.pieces.splice(at, 1)[0];
  }

  /** Gives each free worker a piece, then each a second one, and lets the parent end when nothing is left to do. */
  #dispatch(): void {
    for (let held = 0; held < piecesAtWorker; held++) {
      for (const seat of this.#seats) {
        if (!seat.ready || seat.pieces.length !== held) continue;
        const piece = this.#next();
        if (piece === undefined) break;
        seat.pieces.push(piece);
        seat.worker.send({ type: 'score', piece: piece.id, inputs: piece.inputs });
      }
    }
    const pending = this.#pending();
    for (const seat of this.#seats) seat.worker.keepParent(pending || !seat.ready);
    if (!pending) this.#onIdle?.();
  }

  /** The next piece that anyone still waits for. */
  #next(): Piece | undefined {
    let piece = this.#queue.shift();
    while (piece?.job.over) piece = this.#queue.shift();
    return piece;
  }

  #bury(seat: Seat, end: WorkerEnd): void {
    if (this.#closing || this.#failure !== undefined) return;
    if (!seat.ready && ++seat.deathsAtLoad >= mostDeaths) {
      this.#fail(diedAtLoad(end));
      return;
    }
    seat.rss = 0;
    const [suspect, ...bystanders] = seat.pieces.splice(0);
    this.#queue.unshift(...bystanders);
    if (suspect !== undefined && ++suspect.crashes < mostDeaths) this.#queue.unshift(suspect);
    else suspect?.job.end(diedOfBatch(end));
    this.#counts.restarts++;
    this.#hire(seat);
    this.#dispatch();
  }

  /** Nothing can be computed any more: says so to all who wait or will ask. */
  #fail(error: MurmurError): void {
    this.#failure = error;
    this.#settleReady.reject(error);
    for (const seat of this.#seats) {
      this.#queue.push(...seat.pieces.splice(0));
      seat.worker.kill();
    }
    for (const { job } of this.#queue.splice(0)) job.end(error);
    this.#onIdle?.();
  }
}

function diedOfBatch(end: WorkerEnd): MurmurError {
  return new MurmurError('scoring.crashed', ending('worker died twice with the same batch', end), {
    fault: 'external',
    retry: 'backoff',
    fix: 'look whether the machine runs out of memory; a text that does this alone cannot be scored',
    context: { reason: end.reason },
  });
}

function diedAtLoad(end: WorkerEnd): MurmurError {
  return new MurmurError('scoring.load_crashed', ending('worker died twice while loading the model', end), {
    fault: 'external',
    fix: 'look whether the machine runs out of memory, or choose the word list with `model: lexicon`',
    context: { reason: end.reason },
  });
}

function ending(what: string, end: WorkerEnd): string {
  return [`${what}: ${end.reason}`, end.stderr].filter((part) => part !== '').join('\n');
}
