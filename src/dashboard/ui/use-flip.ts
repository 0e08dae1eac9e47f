/**
 * Lets the rows of a list glide to their new places instead of jumping there: where each row was is remembered, and after
 * a change it is moved back at once and let go ("first, last, invert, play").
 */
import { useLayoutEffect, useRef } from 'preact/hooks';

/** @returns a ref for the list; its children are told apart by `data-key` */
export function useFlip<E extends HTMLElement>() {
  const list = useRef<E>(null);
  const places = useRef(new Map<string, number>());

  useLayoutEffect(() => {
    const before = places.current;
    const after = new Map<string, number>();
    const still = document.hidden || matchMedia('(prefers-reduced-motion: reduce)').matches;
    for (const child of (list.current?.children ?? []) as Iterable<HTMLElement>) {
      const key = child.dataset.key!;
      after.set(key, child.offsetTop);
      const from = before.get(key);
      if (still || before.size === 0 || from === child.offsetTop) continue;
      const easing = 'cubic-bezier(0.2, 0.7, 0.2, 1)';
      if (from === undefined) {
        child.animate([{ opacity: 0 }, { opacity: 1 }], { duration: 420, easing });
      } else {
        const shift = `translateY(${from - child.offsetTop}px)`;
        child.animate([{ transform: shift }, { transform: 'none' }], { duration: 420, easing });
      }
    }
    places.current = after;
  });
  return list;
}
