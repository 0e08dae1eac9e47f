/** Numbers and times as people read them. */
import { percent as exactPercent } from '../../figures/percent.js';

const grouped = new Intl.NumberFormat('en');
const oneDecimal = new Intl.NumberFormat('en', { minimumFractionDigits: 1, maximumFractionDigits: 1 });
const compact = new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 1 });

/** `12,403`. */
export function count(value: number): string {
  return grouped.format(value);
}

/** `12.4K`, for axes and tight places. */
export function short(value: number): string {
  return compact.format(value);
}

/** A rate or score: one decimal below 100, none above; zero is plain. */
export function decimal(value: number): string {
  if (value === 0) return '0';
  return Math.abs(value) < 99.95 ? oneDecimal.format(value) : grouped.format(Math.round(value));
}

/** A share of 0–1 as `61 %`; what is there but rounds to nothing is `<1 %`. */
export function percent(share: number): string {
  if (share > 0 && share < 0.005) return '<1 %';
  if (share < 1 && share > 0.995) return '>99 %';
  return `${Math.round(share * 100)} %`;
}

/** A measure of 0–1 to the tenth, `75.5 %`, never broken in two; a dash where nothing was measured. */
export function measure(share: number | null): string {
  return exactPercent(share).replace(' ', '\u00a0');
}

/** `84 ms`, `1.2 s`, `3 min 10 s`. */
export function duration(ms: number): string {
  if (ms < 999.5) return `${Math.round(ms)} ms`;
  if (ms < 59_950) return `${oneDecimal.format(ms / 1000)} s`;
  const seconds = Math.round(ms / 1000);
  return seconds < 3600
    ? `${Math.floor(seconds / 60)} min ${seconds % 60} s`
    : `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} min`;
}

/** `just now`, `12 s ago`, `3 min ago`, `5 h ago`, `yesterday`, `12 days ago`, or a date. */
export function ago(at: number, now: number): string {
  const seconds = Math.max(0, (now - at) / 1000);
  if (seconds < 2) return 'just now';
  if (seconds < 60) return `${Math.floor(seconds)} s ago`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h ago`;
  const days = Math.floor(seconds / 86_400);
  if (days === 1) return 'yesterday';
  if (days < 30) return `${days} days ago`;
  return new Date(at).toLocaleDateString('en', { year: 'numeric', month: 'short', day: 'numeric' });
}

/** `1.2 MB`, in powers of 1000. */
export function bytes(value: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let power = 0;
  let rest = value;
  while (rest >= 999.5 && power < units.length - 1) {
    rest /= 1000;
    power++;
  }
  return `${power === 0 ? rest : rest < 9.95 ? oneDecimal.format(rest) : Math.round(rest)} ${units[power]}`;
}

/** `1 file`, `2 files`. */
export function plural(value: number, noun: string): string {
  return `${count(value)} ${noun}${value === 1 ? '' : 's'}`;
}

/** A moment in the reader's own time, down to what a bucket of this width needs. */
export function moment(at: number, widthMs: number): string {
  const date = new Date(at);
  if (widthMs >= 86_400_000)
    return date.toLocaleDateString('en', { year: 'numeric', month: 'short', day: 'numeric' });
  const time = date.toLocaleTimeString(
    'en-GB',
    widthMs < 60_000 ? {} : { hour: '2-digit', minute: '2-digit' },
  );
  const today = new Date().toDateString() === date.toDateString();
  return today
    ? time
    : `${date.toLocaleDateString('en', { month: 'short', day: 'numeric', year: 'numeric' })}, ${time}`;
}

/** A bucket's width as the unit of a rate: `second`, `5 minutes`. */
export function widthName(widthMs: number): string {
  const units: [number, string][] = [
    [86_400_000, 'day'],
    [3_600_000, 'hour'],
    [60_000, 'minute'],
    [1000, 'second'],
  ];
  const [ms, name] = units.find(([unit]) => widthMs >= unit && widthMs % unit === 0) ?? [1, 'ms'];
  return widthMs === ms ? name : `${widthMs / ms} ${name}s`;
}
