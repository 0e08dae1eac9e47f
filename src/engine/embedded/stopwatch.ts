/** Adds up how long the named parts of something took, in milliseconds. Every millisecond belongs to one part only. */
export class Stopwatch<Part extends string> {
  readonly #times = new Map<Part, number>();
  #since = performance.now();
  #part: Part;

  constructor(first: Part) {
    this.#part = first;
  }

  /** From now on the time belongs to `part`. */
  lap(part: Part): void {
    const now = performance.now();
    this.#times.set(this.#part, this.of(this.#part) + now - this.#since);
    this.#since = now;
    this.#part = part;
  }

  of(part: Part): number {
    return Math.round((this.#times.get(part) ?? 0) * 1000) / 1000;
  }
}
