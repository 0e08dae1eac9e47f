/** Sizes and times as people write them, read without a spec. */
const byteUnits: Readonly<Record<string, number>> = {
  b: 1,
  kb: 1e3,
  mb: 1e6,
  gb: 1e9,
  tb: 1e12,
  kib: 2 ** 10,
  mib: 2 ** 20,
  gib: 2 ** 30,
  tib: 2 ** 40,
};

const durationUnits: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1e3,
  m: 60e3,
  h: 3_600e3,
  d: 86_400e3,
  w: 604_800e3,
};

/** Bytes in a size such as `64MiB` (2^20), `500 kB` (10^3) or a plain number; undefined when it is none. */
export function parseBytes(text: string): number | undefined {
  const [, digits, unit = 'b'] = /^(\d+(?:\.\d+)?)\s*([a-z]+)?$/i.exec(text.trim()) ?? [];
  const factor = byteUnits[unit.toLowerCase()];
  return digits === undefined || factor === undefined ? undefined : Math.round(Number(digits) * factor);
}

/** Milliseconds in a time such as `200ms`, `7d` or `1h30m`; undefined when it is none. A unit is needed. */
export function parseDuration(text: string): number | undefined {
  const parts = /^(?:\d+(?:\.\d+)?\s*(?:ms|[smhdw])\s*)+$/i.exec(text.trim());
  if (parts === null) return undefined;
  let total = 0;
  for (const [, digits, unit] of parts[0].matchAll(/(\d+(?:\.\d+)?)\s*(ms|[smhdw])/gi)) {
    total += Number(digits) * durationUnits[unit!.toLowerCase()]!;
  }
  return total;
}
