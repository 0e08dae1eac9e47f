/** What was opened, closed in the opposite order; one failure does not keep the others open. */
export class Resources {
  readonly #opened: { close(): Promise<unknown> }[] = [];

  add<T extends { close(): Promise<unknown> }>(resource: T): T {
    this.#opened.push(resource);
    return resource;
  }

  async close(): Promise<void> {
    for (const resource of this.#opened.reverse()) {
      await resource.close().catch(() => undefined);
    }
  }
}
