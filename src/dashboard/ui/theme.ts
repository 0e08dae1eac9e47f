/** Light, dark, or as the system has it; remembered in this browser. And colours as a canvas needs them: resolved. */
import { useEffect, useState } from 'preact/hooks';

export const themes = ['system', 'light', 'dark'] as const;
export type Theme = (typeof themes)[number];

const key = 'murmur-theme';
const listeners = new Set<() => void>();

export function storedTheme(): Theme {
  try {
    return themes.find((theme) => theme === localStorage.getItem(key)) ?? 'system';
  } catch {
    return 'system';
  }
}

export function applyTheme(theme: Theme): void {
  document.documentElement.style.colorScheme = theme === 'system' ? 'light dark' : theme;
  try {
    localStorage.setItem(key, theme);
  } catch {
    // A browser without storage: the choice lasts as long as the page.
  }
  for (const listener of listeners) listener();
}

/** A number that changes whenever colours do, for what must be drawn again. */
export function useThemeEpoch(): number {
  const [epoch, setEpoch] = useState(0);
  useEffect(() => {
    const next = () => setEpoch((before) => before + 1);
    const system = matchMedia('(prefers-color-scheme: dark)');
    system.addEventListener('change', next);
    listeners.add(next);
    return () => {
      system.removeEventListener('change', next);
      listeners.delete(next);
    };
  }, []);
  return epoch;
}

/** What `var(--name)` is right now, as `rgb(…)`. */
export function color(name: string): string {
  const probe = document.createElement('span');
  probe.style.color = `var(--${name})`;
  document.body.append(probe);
  const value = getComputedStyle(probe).color;
  probe.remove();
  return value;
}
