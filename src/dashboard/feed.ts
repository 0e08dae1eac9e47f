/**
 * The seam between the page's server and whatever knows the lake: a running pipeline, yesterday's tables, or a test.
 * The server asks for parts and is told which of them changed; it never asks while nobody watches.
 */
import type { BatchPoint, Journey, LakeLabel, PageParts, Part, PostDraft } from './messages.js';

/** Something is new: a part to be read again, a batch to be added to the graphs, a typed post that came further. */
export type FeedChange =
  | { readonly part: Part }
  | { readonly batch: BatchPoint }
  | { readonly journey: Journey };

export interface DashboardFeed {
  readonly lake: LakeLabel;
  /** One part as it is now. Cheap when nothing changed since the last call. */
  read<P extends Part>(part: P): Promise<PageParts[P]>;
  /**
   * Calls back on every change until the returned function is called. Only subscribed feeds need to look for changes; a
   * change may be reported before the part can be read with it, and more often than it really happens.
   */
  subscribe(listener: (change: FeedChange) => void): () => void;
  /**
   * Puts a post into the landing place like any other and follows it.
   * @throws storage errors; the draft has been checked
   */
  post(draft: PostDraft): Promise<Journey>;
  /** How far a post typed into this page has come; undefined when the page knows nothing of it. */
  journey(postId: string): Promise<Journey | undefined>;
  /** @throws engine.no_such_query; dashboard.not_running when no pipeline runs */
  start(stream: string): Promise<void>;
  /** @throws like `start` */
  stop(stream: string): Promise<void>;
}
