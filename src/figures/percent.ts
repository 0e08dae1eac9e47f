/** A share of 0–1 to the tenth of a per cent, `75.5 %`; a dash where nothing was measured. */
export function percent(share: number | null): string {
  return share === null ? '–' : `${(share * 100).toFixed(1)} %`;
}
