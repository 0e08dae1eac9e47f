/**
 * A flock in which every bird is a post: blue or orange as the mood is, moved as posts arrive and at rest when none do.
 * Decoration beside the same figures in words; it draws nothing while it rests or nobody looks.
 */
import { useEffect, useRef } from 'preact/hooks';
import type { ScoredPost, Sentiment } from '../messages.js';
import { color, useThemeEpoch } from './theme.js';

const birds = 96;
/** After the last post the flock glides on for about this long. */
const glideMs = 2500;
const frameMs = 33;

interface Bird {
  sentiment: Sentiment;
  /** Its place in the flock: about −2 to 2 along and across. */
  along: number;
  across: number;
  size: number;
  /** Seconds behind the leader. */
  lag: number;
  born: number;
}

interface FlockProps {
  posts: readonly ScoredPost[];
  /** Share of each sentiment in all posts, 0–1: the flock before the first new post. */
  shares: Readonly<Record<Sentiment, number>>;
}

export function Flock({ posts, shares }: FlockProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const flock = useRef<MovingFlock | undefined>(undefined);
  const epoch = useThemeEpoch();

  // The shares are those of the first moment; from then on posts bring their own colour.
  useEffect(() => {
    flock.current = new MovingFlock(canvas.current!, shares);
    return () => flock.current?.rest();
  }, []);
  useEffect(() => flock.current?.paint(), [epoch]);
  useEffect(() => flock.current?.join(posts), [posts]);

  return (
    <div class="flock" aria-hidden="true">
      <canvas ref={canvas} />
    </div>
  );
}

class MovingFlock {
  readonly #canvas: HTMLCanvasElement;
  readonly #birds: Bird[];
  readonly #still = matchMedia('(prefers-reduced-motion: reduce)');
  #known = new Set<string>();
  #colors: Record<Sentiment, string> = { positive: '', neutral: '', negative: '' };
  #time = 40 * Math.random();
  #speed = 0;
  #glideUntil = 0;
  #last = 0;
  #frame = 0;

  constructor(canvas: HTMLCanvasElement, shares: FlockProps['shares']) {
    this.#canvas = canvas;
    this.#birds = Array.from({ length: birds }, (_, i) => {
      const place = (i + 0.5) / birds;
      const sentiment =
        place < shares.positive ? 'positive' : place < 1 - shares.negative ? 'neutral' : 'negative';
      return newBird(sentiment, Number.NEGATIVE_INFINITY);
    });
    for (let i = birds - 1; i > 0; i--) {
      const j = Math.floor(Math.random() * (i + 1));
      [this.#birds[i], this.#birds[j]] = [this.#birds[j]!, this.#birds[i]!];
    }
    this.paint();
  }

  /** Takes the colours anew and draws once. */
  paint(): void {
    this.#colors = { positive: color('positive'), neutral: color('neutral'), negative: color('negative') };
    this.#draw();
  }

  /** New posts take the places of those that have flown longest. */
  join(posts: readonly ScoredPost[]): void {
    const fresh = posts.filter((post) => !this.#known.has(post.post_id));
    const first = this.#known.size === 0;
    this.#known = new Set(posts.map((post) => post.post_id));
    if (fresh.length === 0 || first) return;
    for (const post of fresh) {
      this.#birds.shift();
      this.#birds.push(newBird(post.predicted_sentiment, performance.now()));
    }
    if (this.#still.matches) {
      this.#draw();
      return;
    }
    this.#glideUntil = performance.now() + glideMs;
    if (this.#frame === 0) this.#frame = requestAnimationFrame((now) => this.#step(now));
  }

  rest(): void {
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
  }

  #step(now: number): void {
    const passed = now - this.#last;
    if (passed >= frameMs) {
      const target = now < this.#glideUntil ? 1 : 0;
      this.#speed += (target - this.#speed) * Math.min(1, passed / 900);
      this.#time += (this.#speed * Math.min(passed, 100)) / 1000;
      this.#last = now;
      this.#draw();
    }
    const asleep = this.#speed < 0.01 && now > this.#glideUntil;
    this.#frame = asleep ? 0 : requestAnimationFrame((next) => this.#step(next));
  }

  #draw(): void {
    const { clientWidth: width, clientHeight: height } = this.#canvas;
    const scale = Math.min(2, devicePixelRatio);
    if (this.#canvas.width !== Math.round(width * scale)) this.#canvas.width = Math.round(width * scale);
    if (this.#canvas.height !== Math.round(height * scale)) this.#canvas.height = Math.round(height * scale);
    const pen = this.#canvas.getContext('2d');
    if (pen === null) return;
    pen.setTransform(scale, 0, 0, scale, 0, 0);
    pen.clearRect(0, 0, width, height);
    const now = performance.now();
    for (const bird of this.#birds) {
      const [x, y] = placeOf(bird, this.#time, width, height);
      const grown = Math.min(1, (now - bird.born) / 700);
      pen.globalAlpha = (0.35 + 0.5 * (bird.size / 3.2)) * grown;
      pen.fillStyle = this.#colors[bird.sentiment];
      pen.beginPath();
      pen.arc(x, y, bird.size * (1 + 1.4 * (1 - grown)), 0, 2 * Math.PI);
      pen.fill();
    }
  }
}

function newBird(sentiment: Sentiment, born: number): Bird {
  const bell = () => Math.random() + Math.random() + Math.random() - 1.5;
  return {
    sentiment,
    along: bell() * 1.5,
    across: bell() * 1.5,
    size: 1.1 + 2.1 * Math.random() ** 2,
    lag: Math.random() * 1.3,
    born,
  };
}

/** One slow path for all; each bird flies it a little later, in a flock that turns, stretches and ripples. */
function placeOf(bird: Bird, time: number, width: number, height: number): [number, number] {
  const t = time - bird.lag;
  const x = width * (0.44 + 0.17 * Math.sin(t * 0.29) + 0.06 * Math.sin(t * 0.71 + 1));
  const y = height * (0.54 + 0.1 * Math.sin(t * 0.43 + 0.5) + 0.05 * Math.sin(t * 0.97));
  const turn = -0.25 + 0.45 * Math.sin(t * 0.37 + bird.along * 0.5);
  const stretch = 1 + 0.4 * Math.sin(t * 0.53 + bird.along * 0.9);
  const dx = bird.along * width * 0.16 * stretch;
  const dy = (bird.across * height * 0.13) / stretch + Math.sin(t * 1.1 + bird.along * 2.2) * height * 0.07;
  return [x + dx * Math.cos(turn) - dy * Math.sin(turn), y + dx * Math.sin(turn) * 0.5 + dy * Math.cos(turn)];
}
