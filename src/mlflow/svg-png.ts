/**
 * A drawing as a picture. Letters come from a font of our own, so that a picture looks alike everywhere and has its text
 * also on a machine without fonts; the system's fonts are asked only for letters that ours lacks.
 */
import { join } from 'node:path';
import { packageRoot } from '../base/package-root.js';

/** What the font has: Latin letters, digits, signs. */
const drawable = /^[\n\x20-\x7e\u00a0-\u00ff–—‘’“”…−]*$/;
/** Pixels for one unit of the drawing. */
const zoom = 2;

/** @returns the bytes of a PNG */
export async function svgPng(svg: string): Promise<Uint8Array> {
  // Native, and needed at the end of a run alone.
  const { Resvg } = await import('@resvg/resvg-js');
  const picture = new Resvg(svg, {
    fitTo: { mode: 'zoom', value: zoom },
    font: {
      fontFiles: [join(packageRoot(), 'assets', 'fonts', 'murmur-sans.otf')],
      loadSystemFonts: !drawable.test(svg),
      defaultFontFamily: 'Murmur Sans',
      sansSerifFamily: 'Murmur Sans',
    },
  });
  return picture.render().asPng();
}
