// The tests against real things (Python readers, Chromium, real data volumes). Each suite sets up what it needs under
// .cache/ and fails where it cannot. `npm run test:real -- SUITE` runs one. With --report FILE the counts go there as JSON.
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root, runVitest, takeReport } from './vitest-run.js';

const argv = process.argv.slice(2);
const report = takeReport(argv);

spawnSync(process.execPath, [join(root, 'scripts', 'build.js'), '--if-stale'], {
  cwd: root,
  stdio: 'inherit',
});
const counts = runVitest(['--config', 'vitest.real.config.ts', ...argv]);
process.stdout.write(`real: ${counts.passed} passed, ${counts.failed} failed\n`);
if (report !== undefined) writeFileSync(report, JSON.stringify(counts));
process.exitCode = counts.failed === 0 ? 0 : 1;
