export { mavenCentral } from './delta-jars.js';
export { installSpark, type SparkInstallation } from './install.js';
export { deltaVersion, sparkVersion } from './pins.js';
export {
  type ServerOptions,
  type ServerStatus,
  type SparkServer,
  serverStatus,
  startServer,
  stopServer,
} from './server.js';
export { sparkSettings } from './settings.js';
