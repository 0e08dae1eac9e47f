// The tests against real things (Python readers, Chromium, real data volumes). Each suite sets up what it needs under
// .cache/ and fails where it cannot. `npm run test:real -- SUITE` runs one.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const argv = process.argv.slice(2);
const reportAt = argv.indexOf('--report');
const report = reportAt >= 0 ? argv.splice(reportAt, 2)[1] : undefined;

run(process.execPath, [join(root, 'scripts', 'build.js'), '--if-stale']);
mkdirSync(join(root, '.cache'), { recursive: true });
const file = join(root, '.cache', `real-${process.pid}.json`);
const status = run(join(root, 'node_modules', '.bin', 'vitest'), [
  'run',
  '--config',
  'vitest.real.config.ts',
  '--reporter=default',
  '--reporter=json',
  `--outputFile.json=${file}`,
  ...argv,
]);
const { numPassedTests, numFailedTests, numFailedTestSuites } = JSON.parse(readFileSync(file, 'utf8'));
const counts = {
  passed: numPassedTests,
  failed: Math.max(numFailedTests, numFailedTestSuites > 0 || status !== 0 ? 1 : 0),
};
process.stdout.write(`real: ${counts.passed} passed, ${counts.failed} failed\n`);
if (report !== undefined) writeFileSync(report, JSON.stringify(counts));
process.exitCode = counts.failed === 0 ? 0 : 1;

function run(command, args) {
  return spawnSync(command, args, { cwd: root, stdio: 'inherit' }).status;
}
