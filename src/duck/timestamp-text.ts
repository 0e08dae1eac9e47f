/** Times as text and as microseconds since the epoch, UTC. JavaScript's Date ends at milliseconds. */

/** DuckDB's `infinity` and `-infinity`, which no table of ours holds and no JSON number or ISO text expresses. */
const positiveInfinity = 9223372036854775807n;
const negativeInfinity = -9223372036854775807n;

/**
 * ISO 8601 without a zone, with 0, 3 or 6 fractional digits, as many as needed: `2024-01-02T03:04:05.123`. Years
 * beyond 9999 have a sign and six digits.
 */
export function isoFromMicros(micros: bigint): string {
  if (micros === positiveInfinity) return 'infinity';
  if (micros === negativeInfinity) return '-infinity';
  const ms = micros >= 0n ? micros / 1000n : -((-micros + 999n) / 1000n);
  const rest = Number(micros - ms * 1000n);
  const time = Number(ms);
  if (Math.abs(time) > 8.64e15) return `${micros}us`;
  const iso = new Date(time).toISOString();
  if (rest !== 0) return `${iso.slice(0, -1)}${String(rest).padStart(3, '0')}`;
  return iso.endsWith('.000Z') ? iso.slice(0, -5) : iso.slice(0, -1);
}

const duckTimestamp = /^(\d{4,6})-(\d\d)-(\d\d) (\d\d):(\d\d):(\d\d)(?:\.(\d{1,6}))?(?:\+00)?$/;

/** Microseconds of a time as DuckDB writes it under UTC; undefined for infinities and years before 1. */
export function microsFromDuckText(text: string): bigint | undefined {
  const match = duckTimestamp.exec(text);
  if (!match) return undefined;
  const [, year, month, day, hour, minute, second, fraction = ''] = match;
  // Date.UTC takes years below 100 for 19xx, so the year is set by itself.
  const date = new Date(
    Date.UTC(2000, Number(month) - 1, Number(day), Number(hour), Number(minute), Number(second)),
  );
  date.setUTCFullYear(Number(year), Number(month) - 1, Number(day));
  const ms = date.getTime();
  return Number.isNaN(ms) ? undefined : BigInt(ms) * 1000n + BigInt(fraction.padEnd(6, '0'));
}
