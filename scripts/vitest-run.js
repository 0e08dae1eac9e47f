// One run of Vitest, and what its report says: how many tests passed and failed, and which failed with what message.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('..', import.meta.url));

/** Takes `--report FILE` out of the arguments: where the counts of the whole run are to be written, if anywhere. */
export function takeReport(argv) {
  const at = argv.indexOf('--report');
  return at >= 0 ? argv.splice(at, 2)[1] : undefined;
}

/**
 * Runs Vitest with these arguments, its output shown as it comes.
 * @returns counts, and one text a failure: `file > test: first line of the error`. A run that broke without a failing test is one failure.
 */
export function runVitest(args, env = {}) {
  const file = join(root, '.cache', `vitest-${process.pid}.json`);
  mkdirSync(join(root, '.cache'), { recursive: true });
  rmSync(file, { force: true });
  const { status } = spawnSync(
    join(root, 'node_modules', '.bin', 'vitest'),
    ['run', '--reporter=default', '--reporter=json', `--outputFile.json=${file}`, ...args],
    { cwd: root, stdio: 'inherit', env: { ...process.env, ...env } },
  );
  const { numPassedTests, testResults } = JSON.parse(readFileSync(file, 'utf8'));
  rmSync(file);
  const failures = testResults.flatMap(failuresOf);
  if (failures.length === 0 && status !== 0) failures.push(`vitest ended with ${status} and no failing test`);
  return { passed: numPassedTests, failed: failures.length, failures };
}

/** A file that broke outside its tests (a hook, an import) fails once by its own message. */
function failuresOf({ name, status, message, assertionResults }) {
  const path = name.slice(root.length);
  const failed = assertionResults
    .filter((test) => test.status === 'failed')
    .map((test) => `${path} > ${test.fullName}: ${firstLine(test.failureMessages[0])}`);
  return failed.length === 0 && status === 'failed' ? [`${path}: ${firstLine(message)}`] : failed;
}

function firstLine(text = 'no message') {
  return text.split('\n', 1)[0];
}
