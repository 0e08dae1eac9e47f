export { filesSql, isPlain, type LandingFormat } from './files.js';
export { type LandingOptions, landingSettings, landingViews } from './landing.js';
export type { View } from './stage.js';
