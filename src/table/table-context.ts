/** What every verb on a table works with. */
import type { Clock } from '../base/clock.js';
import type { DeltaLog } from '../delta/delta-log.js';
import type { DuckSession } from '../duck/session.js';

export interface TableContext {
  readonly log: DeltaLog;
  readonly clock: Clock;
  /** Runs work on a DuckDB session of its own. */
  withSession<T>(work: (session: DuckSession) => Promise<T>): Promise<T>;
  connect(): Promise<DuckSession>;
}
