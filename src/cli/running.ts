import { MurmurError } from '../base/errors.js';
import { nearestName } from '../config/nearest-name.js';
import type { ControlClient } from '../lake/control-client.js';
import type { Lake } from '../lake/lake.js';
import { streamNames } from '../posts/tables.js';

/** The pipeline that runs on a lake. @throws lake.not_running (user) */
export async function runningPipeline(lake: Lake): Promise<ControlClient> {
  const control = await lake.control();
  if (control !== undefined) return control;
  throw new MurmurError('lake.not_running', `asking the pipeline of ${lake.dir}: nothing runs on it`, {
    fault: 'user',
    fix: 'start it with "murmur run"',
  });
}

/** @throws engine.no_such_query (user), with the name that was probably meant */
export function checkStream(name: string): void {
  if ((streamNames as readonly string[]).includes(name)) return;
  const nearest = nearestName(name, streamNames);
  throw new MurmurError('engine.no_such_query', `no stream is called ${name}`, {
    fault: 'user',
    fix: nearest === undefined ? `one of ${streamNames.join(', ')}` : `did you mean ${nearest}?`,
  });
}
