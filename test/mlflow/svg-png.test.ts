/** Pictures of drawings: with their text, whatever fonts the machine has. */
import { inflateSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { confusionSvg } from '../../src/figures/confusion-svg.js';
import { svgPng } from '../../src/mlflow/svg-png.js';

/** Width, height, and how many pixels are dark. */
function look(bytes: Uint8Array) {
  const png = Buffer.from(bytes);
  const parts: Buffer[] = [];
  for (let at = 8; at < png.length; at += 12 + png.readUInt32BE(at)) {
    if (png.toString('latin1', at + 4, at + 8) === 'IDAT')
      parts.push(png.subarray(at + 8, at + 8 + png.readUInt32BE(at)));
  }
  return {
    width: png.readUInt32BE(16),
    height: png.readUInt32BE(20),
    data: inflateSync(Buffer.concat(parts)),
  };
}

it('holds the letters, without a font of the system', async () => {
  const drawn = (text: string) =>
    svgPng(
      `<svg xmlns="http://www.w3.org/2000/svg" width="200" height="40"><text x="5" y="30" font-size="20" font-family="sans-serif">${text}</text></svg>`,
    );
  const inked = async (text: string) => look(await drawn(text)).data.filter((byte) => byte > 0).length;
  const [nothing, one, many] = [await inked(''), await inked('i'), await inked('negative 95.1 % – Über')];
  expect(one).toBeGreaterThan(nothing);
  expect(many).toBeGreaterThan(one * 5);
});

it('is the drawing of the page, twice as large', async () => {
  const svg = confusionSvg({
    labels: ['negative', 'neutral', 'positive'],
    counts: [
      [58, 0, 3],
      [0, 81, 2],
      [8, 1, 147],
    ],
  });
  const [, width, height] = /width="(\d+)" height="(\d+)"/.exec(svg)!;
  expect(look(await svgPng(svg))).toMatchObject({ width: 2 * Number(width), height: 2 * Number(height) });
});
