/** The last posts that were scored. While somebody reads (pointer or focus on the list), it stands still. */
import { useRef, useState } from 'preact/hooks';
import type { ScoredPost } from '../messages.js';
import { ago } from './format.js';
import { PostText, Verdict } from './post.js';
import { useFlip } from './use-flip.js';

/** The list changes no more often than this: a stream of posts must not become a flicker. */
const turnMs = 2000;

export function LatestPosts({ posts, now }: { posts: readonly ScoredPost[]; now: number }) {
  const [reading, setReading] = useState(false);
  const held = useRef({ posts, at: now });
  if (!reading && posts !== held.current.posts && now - held.current.at >= turnMs) {
    held.current = { posts, at: now };
  }
  const shown = held.current.posts;
  const known = new Set(shown.map((post) => post.post_id));
  const waiting = posts.filter((post) => !known.has(post.post_id)).length;
  const list = useFlip<HTMLOListElement>();
  return (
    <section class="panel latest" aria-labelledby="latest-title">
      <header class="panel-head">
        <h2 id="latest-title">Last scored</h2>
        {reading && waiting > 0 && (
          <p class="readout">
            held while you read · {waiting}
            {waiting === posts.length ? '+' : ''} new
          </p>
        )}
      </header>
      {shown.length === 0 ? (
        <p class="nothing">Scored posts appear here, newest first.</p>
      ) : (
        <ol
          ref={list}
          class="posts"
          onPointerEnter={(event) => setReading(event.pointerType === 'mouse')}
          onPointerLeave={() => setReading(false)}
        >
          {shown.map((post) => (
            <li key={post.post_id} data-key={post.post_id} class={post.predicted_sentiment}>
              <p class="post-text">
                <PostText text={post.text} />
              </p>
              <p class="post-foot">
                <Verdict sentiment={post.predicted_sentiment} score={post.predicted_score} />
                <span class="quiet number">
                  {post.user === null ? '' : `${post.user} · `}
                  <time dateTime={new Date(post.scored_at).toISOString()}>{ago(post.scored_at, now)}</time>
                </span>
              </p>
            </li>
          ))}
        </ol>
      )}
    </section>
  );
}
