/** A process that does a job and is killed in the middle: `job-runner.ts FOLDER JOB POINT PASSAGE`. */
import { armFaultPoint } from '../../src/base/fault-point.js';
import { DuckDatabase } from '../../src/duck/index.js';
import { jobs, perform } from './jobs.js';

const [folder, job, point, passage] = process.argv.slice(2);
armFaultPoint(point!, () => process.kill(process.pid, 'SIGKILL'), Number(passage));
await perform(jobs[job!]!, folder!, await DuckDatabase.open({ threads: 1 }));
