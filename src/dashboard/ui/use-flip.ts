/**
 * Lets the rows of a list glide to their new places instead of jumping there: where each row was is remembered, and after
 * a change it is moved back at once and let go ("first, last, invert, play"). When much is new at once nothing glides: the
 * eye could not follow, so new rows fade in and that is all.
 */
import { useLayoutEffect, useRef } from 'preact/hooks';

/** More new rows than this are a new list. */
const mostNew = 4;
const timing: KeyframeAnimationOptions = { duration: 420, easing: 'cubic-bezier(0.2, 0.7, 0.2, 1)' };

/** @returns a ref for the list; its children are told apart by `data-key` */
export function useFlip<E extends HTMLElement>() {
  const list = useRef<E>(null);
  const places = useRef(new Map<string, number>());

  useLayoutEffect(() => {
    const before = places.current;
    const rows = [...((list.current?.children ?? []) as Iterable<HTMLElement>)];
    places.current = new Map(rows.map((row) => [row.dataset.key!, row.offsetTop]));
    const still = document.hidden || matchMedia('(prefers-reduced-motion: reduce)').matches;
    if (still || before.size === 0) return;
    const fresh = rows.filter((row) => !before.has(row.dataset.key!));
    for (const row of fresh) row.animate([{ opacity: 0 }, { opacity: 1 }], timing);
    if (fresh.length > mostNew) return;
    for (const row of rows) {
      const from = before.get(row.dataset.key!);
      if (from === undefined || from === row.offsetTop) continue;
      const shift = `translateY(${from - row.offsetTop}px)`;
      row.animate([{ transform: shift }, { transform: 'none' }], timing);
    }
  });
  return list;
}
