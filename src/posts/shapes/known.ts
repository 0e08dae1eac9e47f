import type { Fields } from '../field-path.js';
import { flat } from './flat.js';
import { jetstream } from './jetstream.js';
import { mastodon } from './mastodon.js';
import type { Shape } from './shape.js';
import { twitter } from './twitter.js';
import { x } from './x.js';

/** From the most telling to the one that takes everything. */
export const knownShapes: readonly Shape[] = [jetstream, x, mastodon, twitter, flat];

/** The shape of one record; a landing place may mix them. */
export function shapeOf(fields: Fields): Shape {
  return knownShapes.find((shape) => shape.recognises(fields)) ?? flat;
}
