// The gate: types, lint, build, then every offline test, and once more the tests that could know the local time zone.
// `npm test -- PATTERN` runs the matching test files alone. With --report FILE the counts go there as JSON.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const argv = process.argv.slice(2);
const reportAt = argv.indexOf('--report');
const report = reportAt >= 0 ? argv.splice(reportAt, 2)[1] : undefined;
const counts = { passed: 0, failed: 0 };

if (argv.length === 0) {
  step('types', ['tsc', '--noEmit', '-p', 'tsconfig.test.json']);
  step('types of the page', ['tsc', '--noEmit', '-p', 'src/dashboard/ui']);
  step('lint', ['biome', 'check', '.']);
}
step('build', [process.execPath, join(root, 'scripts', 'build.js'), '--if-stale']);
tests('tests', argv, {});
if (argv.length === 0)
  tests('tests in New York', ['test/posts', 'test/duck', 'test/lake', 'test/e2e/main-job'], {
    TZ: 'America/New_York',
  });

process.stdout.write(`gate: ${counts.passed} passed, ${counts.failed} failed\n`);
if (report !== undefined) writeFileSync(report, JSON.stringify(counts));
process.exitCode = counts.failed === 0 ? 0 : 1;

/** One check that either passes or fails as a whole. */
function step(name, command) {
  counts[spawn(command, {}) === 0 ? 'passed' : complain(name)]++;
}

function complain(name) {
  process.stdout.write(`gate: ${name} failed\n`);
  return 'failed';
}

function tests(name, patterns, env) {
  const file = join(root, '.cache', `gate-${process.pid}.json`);
  mkdirSync(dirname(file), { recursive: true });
  const status = spawn(
    ['vitest', 'run', '--reporter=default', '--reporter=json', `--outputFile.json=${file}`, ...patterns],
    env,
  );
  const { numPassedTests, numFailedTests, numFailedTestSuites } = JSON.parse(readFileSync(file, 'utf8'));
  counts.passed += numPassedTests;
  counts.failed += Math.max(numFailedTests, numFailedTestSuites > 0 || status !== 0 ? 1 : 0);
  if (status !== 0) complain(name);
}

function spawn([command, ...args], env) {
  const path = command === process.execPath ? command : join(root, 'node_modules', '.bin', command);
  return spawnSync(path, args, { cwd: root, stdio: 'inherit', env: { ...process.env, ...env } }).status;
}
