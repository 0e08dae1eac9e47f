/** What the runs of a lake left behind that tells how well they went, by whichever engine they were. */
import type { Signals } from '../engine/signals.js';
import { embeddedSignals, type SignalsQuery } from './embedded-signals.js';
import { connectLake } from './spark/connect-lake.js';

/** @throws spark.* */
export async function lakeSignals(query: SignalsQuery): Promise<Signals> {
  const { engine } = query.spec;
  if (engine === 'embedded') return embeddedSignals(query);
  const { sparkSignals } = await import('./spark/spark-signals.js');
  const session = await connectLake(engine.spark);
  try {
    return await sparkSignals(session, engine.spark, query);
  } finally {
    await session.close();
  }
}
