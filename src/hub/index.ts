/** Models of the Hugging Face hub: what a repository holds, and its files, checked. */
export { type DownloadOptions, downloadFiles } from './download-files.js';
export type { HubOptions } from './hub-connection.js';
export { isHubUri } from './hub-uri.js';
export { type HubFile, type HubRepository, openRepository } from './repository.js';
