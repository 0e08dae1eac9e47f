/**
 * One writer, many readers. Each subscriber is an async iterable with its own bounded buffer; a slow reader loses
 * its oldest events (and is told how many), it never slows the writer.
 */
export class Broadcast<T> {
  readonly #subscribers = new Set<Subscription<T>>();
  #closed = false;

  emit(event: T): void {
    for (const s of this.#subscribers) s.push(event);
  }

  /** @param buffer how many unread events are kept for this reader */
  subscribe(buffer = 1024): Subscription<T> {
    const s = new Subscription<T>(buffer, () => this.#subscribers.delete(s));
    if (this.#closed) s.close();
    else this.#subscribers.add(s);
    return s;
  }

  /** Ends every subscription after what it has buffered. */
  close(): void {
    this.#closed = true;
    for (const s of [...this.#subscribers]) s.close();
  }
}

export class Subscription<T> implements AsyncIterable<T> {
  readonly #buffer: T[] = [];
  #wake: (() => void) | undefined;
  #closed = false;
  /** Events lost because the reader was slower than the buffer is long. */
  lost = 0;

  constructor(
    readonly limit: number,
    readonly onClose: () => void,
  ) {}

  push(event: T): void {
    if (this.#closed) return;
    if (this.#buffer.length >= this.limit) {
      this.#buffer.shift();
      this.lost++;
    }
    this.#buffer.push(event);
    this.#wake?.();
  }

  close(): void {
    this.#closed = true;
    this.onClose();
    this.#wake?.();
  }

  async *[Symbol.asyncIterator](): AsyncIterator<T> {
    try {
      for (;;) {
        while (this.#buffer.length > 0) yield this.#buffer.shift() as T;
        if (this.#closed) return;
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
        this.#wake = undefined;
      }
    } finally {
      this.close();
    }
  }
}
