/**
 * Bundles that came from elsewhere, below the lake by the digest of their files: `<digest>/`. Beside them stands what the lake
 * remembers of models: which one a name meant last (`known/`), and where one lies that is used in its own place (`used/`).
 */
import { createHash, randomUUID } from 'node:crypto';
import { mkdir, readdir, rename, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { isMurmurError } from '../../base/errors.js';
import { type Bundle, loadBundle } from '../../scoring/index.js';
import { LocalStorage } from '../../storage/local.js';

/** Bundles that stay when nobody needs them any more, the newest used: who goes back need not download. */
const spareBundles = 3;
/** A download that stands still for so long belongs to a process that is gone. Milliseconds. */
const abandonedAfterMs = 3_600_000;

const knownModel = z.object({ written: z.string(), id: z.string(), digest: z.string() });
const usedFolder = z.object({ folder: z.string() });

/** The last model under a name that was used. */
export type KnownModel = z.output<typeof knownModel>;

export class ModelCache {
  readonly #notes: LocalStorage;

  /** @param root `run/models` of a lake */
  constructor(readonly root: string) {
    this.#notes = new LocalStorage(root);
  }

  /**
   * The bundle of a digest, fetched where it is not here yet. It appears whole and checked, or not at all; one that was
   * damaged meanwhile is fetched again.
   * @param fetch puts the files into a folder that is not there yet
   * @throws what `fetch` and `loadBundle` throw
   */
  async bundle(digest: string, fetch: (folder: string) => Promise<unknown>): Promise<Bundle> {
    const known = await this.find(digest);
    if (known !== undefined) return known;
    await mkdir(this.root, { recursive: true });
    const arriving = join(this.root, `.${randomUUID()}`);
    try {
      await fetch(arriving);
      const { model } = await loadBundle(arriving);
      const folder = join(this.root, model.digest);
      await rm(folder, { recursive: true, force: true });
      await rename(arriving, folder);
      return await loadBundle(folder);
    } finally {
      await rm(arriving, { recursive: true, force: true });
    }
  }

  /** The bundle of a digest, if it is still here and whole. */
  async find(digest: string): Promise<Bundle | undefined> {
    const used = await this.#read(`used/${digest}.json`, usedFolder);
    for (const folder of [join(this.root, digest), ...(used === undefined ? [] : [used.folder])]) {
      const bundle = await loadBundle(folder).catch((e) => {
        if (isMurmurError(e)) return undefined;
        throw e;
      });
      if (bundle?.model.digest === digest) return bundle;
    }
    return undefined;
  }

  /** Remembers that a batch may be scored with this bundle, wherever it lies. */
  async use({ folder, model: { digest } }: Bundle): Promise<void> {
    if (folder !== join(this.root, digest)) return this.#write(`used/${digest}.json`, { folder });
    const now = new Date();
    await utimes(folder, now, now);
  }

  /** @param store the registry in which the name has a meaning */
  known(store: string, written: string): Promise<KnownModel | undefined> {
    return this.#read(knownPath(store, written), knownModel);
  }

  remember(store: string, model: KnownModel): Promise<void> {
    return this.#write(knownPath(store, model.written), model);
  }

  /** Deletes bundles that nobody needs, but for the few that were used last, and downloads that broke off. */
  async prune(needed: ReadonlySet<string>): Promise<void> {
    const entries = await readdir(this.root, { withFileTypes: true }).catch(() => []);
    const dated = await Promise.all(
      entries
        .filter((entry) => entry.isDirectory())
        .map(async ({ name }) => ({ name, at: (await stat(join(this.root, name))).mtimeMs })),
    );
    const surplus = dated
      .filter(({ name }) => /^[0-9a-f]{64}$/.test(name) && !needed.has(name))
      .sort((a, b) => b.at - a.at)
      .slice(spareBundles);
    const broken = dated.filter(({ name, at }) => name.startsWith('.') && Date.now() - at > abandonedAfterMs);
    for (const { name } of [...surplus, ...broken])
      await rm(join(this.root, name), { recursive: true, force: true });
  }

  /** Undefined too where what stands there is not what was written: it is only remembered for convenience. */
  async #read<T>(path: string, shape: z.ZodType<T>): Promise<T | undefined> {
    try {
      return shape.parse(JSON.parse(Buffer.from(await this.#notes.read(path)).toString('utf8')));
    } catch (e) {
      if (isMurmurError(e, 'storage.not_found') || e instanceof SyntaxError || e instanceof z.ZodError)
        return undefined;
      throw e;
    }
  }

  async #write(path: string, value: object): Promise<void> {
    await this.#notes.put(path, Buffer.from(`${JSON.stringify(value)}\n`));
  }
}

function knownPath(store: string, written: string): string {
  return `known/${createHash('sha256').update(`${store}\n${written}`).digest('hex').slice(0, 40)}.json`;
}
