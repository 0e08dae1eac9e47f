/** Finding models, for whoever scores outside of a run. */
export { type FoundModel, findModel, type ModelPlaces } from './find-model.js';
export { modelPlaces, openModelPlaces } from './open-places.js';
