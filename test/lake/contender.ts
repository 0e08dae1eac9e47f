/** A process that tries to take lakes: reads a socket base a line, answers `won` or `lost PID`, holds what it won. */
import { createInterface } from 'node:readline';
import { isMurmurError } from '../../src/base/errors.js';
import { ControlServer } from '../../src/lake/control-server.js';

for await (const base of createInterface({ input: process.stdin })) {
  try {
    await ControlServer.claim(base);
    process.stdout.write('won\n');
  } catch (error) {
    if (!isMurmurError(error, 'lake.already_running')) throw error;
    process.stdout.write(`lost ${/process (\d+)/.exec(error.message)?.[1]}\n`);
  }
}
process.exit(0);
