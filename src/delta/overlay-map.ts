/**
 * An immutable map that shares its bulk with its predecessors: a change costs what it changes, not what the map holds.
 * Changes lie in a small overlay that is folded into the base when it has grown to a share of it.
 */
export class OverlayMap<V> {
  private constructor(
    private readonly base: ReadonlyMap<string, V>,
    private readonly overlay: ReadonlyMap<string, V | undefined>,
    readonly size: number,
  ) {}

  static empty<V>(): OverlayMap<V> {
    return new OverlayMap<V>(new Map(), new Map(), 0);
  }

  static #of<V>(entries: ReadonlyMap<string, V | undefined>): OverlayMap<V> {
    const base = new Map(entries as ReadonlyMap<string, V>);
    for (const [key, value] of entries) if (value === undefined) base.delete(key);
    return new OverlayMap(base, new Map(), base.size);
  }

  get(key: string): V | undefined {
    return this.overlay.has(key) ? this.overlay.get(key) : this.base.get(key);
  }

  /** A map with these entries set, or removed where the value is undefined. */
  with(changes: ReadonlyMap<string, V | undefined>): OverlayMap<V> {
    if (changes.size === 0) return this;
    if (this.size === 0) return OverlayMap.#of(changes);
    if (this.overlay.size + changes.size > Math.max(64, this.base.size / 8)) return this.#foldedWith(changes);
    const overlay = new Map(this.overlay);
    let { size } = this;
    for (const [key, value] of changes) {
      const before = this.get(key);
      size += (value === undefined ? 0 : 1) - (before === undefined ? 0 : 1);
      if (value !== undefined || this.base.has(key)) overlay.set(key, value);
      else overlay.delete(key);
    }
    return new OverlayMap(this.base, overlay, size);
  }

  *values(): IterableIterator<V> {
    for (const [key, value] of this.base) if (!this.overlay.has(key)) yield value;
    for (const value of this.overlay.values()) if (value !== undefined) yield value;
  }

  #foldedWith(changes: ReadonlyMap<string, V | undefined>): OverlayMap<V> {
    const base = new Map(this.base);
    for (const entries of [this.overlay, changes]) {
      for (const [key, value] of entries) {
        if (value === undefined) base.delete(key);
        else base.set(key, value);
      }
    }
    return new OverlayMap(base, new Map(), base.size);
  }
}
