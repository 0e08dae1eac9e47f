/**
 * Where things are in MLflow's file layout, and how what is stored comes to be found again. A folder that was moved keeps
 * the absolute places of its youth in its files; they are read as what they are now.
 */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileUri, localPathOf } from '../local-uri.js';
import type { Tags } from '../store.js';
import { createFolder, type FolderContent, folders, readTree } from './files.js';

/** Folders of an experiment that are no runs. */
const notRuns = new Set(['tags', 'datasets', 'traces', 'models']);

export class Layout {
  /** The `mlruns` folder, absolute. */
  readonly root: string;

  constructor(root: string) {
    this.root = resolve(root);
  }

  path(...parts: string[]): string {
    return join(this.root, ...parts);
  }

  uri(...parts: string[]): string {
    return fileUri(this.path(...parts));
  }

  create(target: string, content: FolderContent): Promise<'created' | 'exists'> {
    return createFolder(target, content, this.root);
  }

  async experimentFolders(): Promise<string[]> {
    const registry = this.path('models');
    return (await folders(this.root)).filter((path) => path !== registry);
  }

  async runFolders(experimentId: string): Promise<string[]> {
    const base = this.path(experimentId);
    return (await folders(base)).filter((path) => !notRuns.has(path.slice(base.length + 1)));
  }

  /** Folder of a run or a logged model, whatever experiment it is of. */
  async find(...parts: string[]): Promise<string | undefined> {
    const candidates = (await this.experimentFolders()).map((experiment) => join(experiment, ...parts));
    return candidates.find((path) => existsSync(join(path, 'meta.yaml')));
  }

  /** A stored place of artifacts as an URI that holds today. */
  located(stored: string): string {
    const path = localPathOf(stored);
    if (path === undefined) return stored;
    const tail = /([^/\\]+[/\\](?:models[/\\])?[^/\\]+[/\\]artifacts(?:[/\\].*)?)$/.exec(path)?.[1];
    if (tail !== undefined && existsSync(this.path(dirnameOfArtifacts(tail)))) return this.uri(tail);
    // A relative place holds for who works in the folder that has the store in it.
    return fileUri(resolve(dirname(this.root), path));
  }
}

/** Tags or params as files: the name is the key. */
export async function readTags(folder: string): Promise<Tags> {
  return readTree(folder);
}

/** The files that `tags` are, below a folder. */
export function tagFiles(folder: string, tags: Tags): FolderContent {
  return Object.fromEntries(Object.entries(tags).map(([key, value]) => [`${folder}/${key}`, value]));
}

export function md5(...texts: string[]): string {
  return createHash('md5').update(texts.join('')).digest('hex');
}

function dirnameOfArtifacts(tail: string): string {
  return tail.slice(0, tail.search(/[/\\]artifacts([/\\]|$)/));
}
