/** Colours, where they are wanted: on a terminal, unless NO_COLOR is set. */
const codes = {
  bold: [1, 22],
  dim: [2, 22],
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
  blue: [34, 39],
  cyan: [36, 39],
} as const;
export type Colour = keyof typeof codes;
export type Paint = (colour: Colour, text: string) => string;

/** https://no-color.org, and FORCE_COLOR for those who pipe into a pager that understands colours. */
export function paintFor(
  stream: { isTTY?: boolean },
  env: Readonly<Record<string, string | undefined>>,
): Paint {
  const forced = env.FORCE_COLOR !== undefined && env.FORCE_COLOR !== '0' && env.FORCE_COLOR !== 'false';
  const wanted = forced || (stream.isTTY === true && env.TERM !== 'dumb');
  if (!wanted || (env.NO_COLOR !== undefined && env.NO_COLOR !== '')) return (_colour, text) => text;
  return (colour, text) => {
    const [on, off] = codes[colour];
    return `\u001b[${on}m${text}\u001b[${off}m`;
  };
}
