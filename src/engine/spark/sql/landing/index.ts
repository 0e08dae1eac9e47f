export { type LandingOptions, landingSettings, landingViews } from './landing.js';
export type { View } from './stage.js';
