// The gate: types, lint, build, then every offline test, and once more the tests that could know the local time zone.
// `npm test -- PATTERN` runs the matching test files alone. With --report FILE the counts go there as JSON.
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root, runVitest, takeReport } from './vitest-run.js';

const argv = process.argv.slice(2);
const report = takeReport(argv);
const counts = { passed: 0, failed: 0, failures: [] };

if (argv.length === 0) {
  step('types', bin('tsc'), ['--noEmit', '-p', 'tsconfig.test.json']);
  step('types of the page', bin('tsc'), ['--noEmit', '-p', 'src/dashboard/ui']);
  step('lint', bin('biome'), ['check', '.']);
}
step('build', process.execPath, [join(root, 'scripts', 'build.js'), '--if-stale']);
tests(argv);
if (argv.length === 0)
  tests(['test/posts', 'test/duck', 'test/lake', 'test/e2e/main-job'], { TZ: 'America/New_York' });

process.stdout.write(`gate: ${counts.passed} passed, ${counts.failed} failed\n`);
if (report !== undefined) writeFileSync(report, JSON.stringify(counts));
process.exitCode = counts.failed === 0 ? 0 : 1;

/** One check that either passes or fails as a whole. */
function step(name, command, args) {
  if (spawnSync(command, args, { cwd: root, stdio: 'inherit' }).status === 0) {
    counts.passed++;
    return;
  }
  counts.failed++;
  counts.failures.push(name);
  process.stdout.write(`gate: ${name} failed\n`);
}

function tests(patterns, env) {
  const run = runVitest(patterns, env);
  counts.passed += run.passed;
  counts.failed += run.failed;
  counts.failures.push(...run.failures);
}

function bin(name) {
  return join(root, 'node_modules', '.bin', name);
}
