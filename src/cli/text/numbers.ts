/** Numbers and times as people read them. */
const thousands = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });
const decimals = new Intl.NumberFormat('en-US', { maximumFractionDigits: 1 });

/** `12,345` */
export function count(n: number | string | null | undefined): string {
  if (n === null || n === undefined) return '–';
  return thousands.format(typeof n === 'string' ? BigInt(n) : n);
}

/** `1 post`, `12,345 posts` */
export function plural(n: number, one: string, many = `${one}s`): string {
  return `${count(n)} ${n === 1 ? one : many}`;
}

/** `640 B`, `1.2 MiB` */
export function size(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${value < 10 && unit > 0 ? decimals.format(value) : thousands.format(value)} ${units[unit]}`;
}

/** `0.4 ms`, `350 ms`, `1.2 s`, `3 min 20 s`, `2 h 5 min`, `3 d 4 h` */
export function span(ms: number): string {
  if (ms < 1000) return `${ms < 10 ? decimals.format(ms) : thousands.format(ms)} ms`;
  const s = ms / 1000;
  if (s < 60) return `${decimals.format(s)} s`;
  if (s < 3600) return pair(s, 60, 'min', 1, 's');
  return s < 86_400 ? pair(s, 3600, 'h', 60, 'min') : pair(s, 86_400, 'd', 3600, 'h');
}

/** `12 s ago`; in the future (another machine's clock) `just now`. */
export function ago(at: number, now: number): string {
  return now - at < 1000 ? 'just now' : `${span(Math.floor((now - at) / 1000) * 1000)} ago`;
}

/** Per second, with as many digits as matter. */
export function rate(perSecond: number): string {
  return perSecond >= 10 ? thousands.format(perSecond) : decimals.format(perSecond);
}

function pair(seconds: number, big: number, bigName: string, small: number, smallName: string): string {
  const whole = Math.floor(seconds / big);
  const rest = Math.floor((seconds - whole * big) / small);
  return rest === 0 ? `${whole} ${bigName}` : `${whole} ${bigName} ${rest} ${smallName}`;
}
