/**
 * What moves people from post to post: each topic has a mood that wanders slowly and is drawn back to its middle, and
 * now and then something happens, which lifts or sinks the mood, draws people to the topic and makes them post faster.
 */
import { type Sentiment, sentiments } from '../../../posts/labels.js';
import type { Random } from './random.js';
import type { Topic } from './topics.js';

/** Posts over which a mood forgets half of itself, and how far it wanders a post. */
const memory = 900;
const step = 0.035;
/** Posts between two happenings, and posts over which one fades. */
const eventEvery = 260;
const eventFades = 40;
/** How much faster people post at the height of one. */
const eventRush = 4;
/** Mean time between posts, in units of the calm time: a rush of `e` that fades over `f` posts saves `f · ln(1 + e)` of it. */
const meanGap = 1 - (eventFades * Math.log(1 + eventRush)) / eventEvery;

interface Happening {
  topic: number;
  tag: string;
  mood: number;
  /** 1 at its height, falling. */
  heat: number;
}

export class Moods {
  readonly #moods: number[];
  #happening: Happening | undefined;
  #untilNext: number;

  constructor(
    readonly topics: readonly Topic[],
    readonly random: Random,
  ) {
    this.#moods = topics.map(() => random.normal() * 0.5);
    this.#untilNext = random.exponential(eventEvery);
  }

  /** The time of one post passes. */
  pass(): void {
    for (let i = 0; i < this.#moods.length; i++) {
      this.#moods[i] = this.#moods[i]! * 0.5 ** (1 / memory) + this.random.normal() * step;
    }
    if (this.#happening !== undefined) {
      this.#happening.heat *= 1 - 1 / eventFades;
      if (this.#happening.heat < 0.05) this.#happening = undefined;
    }
    this.#untilNext--;
    if (this.#untilNext <= 0) {
      this.#untilNext = this.random.exponential(eventEvery);
      const topic = this.random.below(this.topics.length);
      this.#happening = { topic, heat: 1, ...this.random.pick(this.topics[topic]!.events) };
    }
  }

  /** How fast people post now; about 1 on average over time. */
  get rush(): number {
    return (1 + eventRush * (this.#happening?.heat ?? 0)) * meanGap;
  }

  /** A topic to talk about, with the tag of what happens there if that is why; undefined: everyday life. */
  pickTopic(): { topic: number; tag?: string } | undefined {
    const { random } = this;
    const event = this.#happening;
    if (event !== undefined && random.chance(0.75 * event.heat))
      return { topic: event.topic, tag: event.tag };
    if (random.chance(0.28)) return undefined;
    return { topic: random.weighted(this.topics.map((_, i) => 1 / (i + 2))) };
  }

  /** −1 to 1. */
  moodOf(topic: number | undefined): number {
    if (topic === undefined) return 0;
    const event = this.#happening?.topic === topic ? this.#happening.mood * this.#happening.heat * 1.5 : 0;
    return Math.max(-1, Math.min(1, this.#moods[topic]! + event));
  }

  /** What somebody of this temper feels in a mood: rarely against it, often something. */
  feel(mood: number, temper: number): Sentiment {
    const lean = 1.8 * mood + temper;
    return sentiments[this.random.weighted([Math.exp(-lean), 0.9, Math.exp(lean)])]!;
  }
}
