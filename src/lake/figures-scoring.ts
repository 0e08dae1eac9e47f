/** What the newest batches of gold tell of their scoring, read from the log: for when nothing runs that could be asked. */
import { z } from 'zod';
import type { LakeTable } from './lake-table.js';

const share = z.object({ now: z.number(), baseline: z.number() });

/** The part of `commitInfo.murmur` that is meant; other fields are let be. */
const reportSchema = z.object({
  model: z.object({ id: z.string(), digest: z.string() }),
  scoring: z.object({
    shadow: z
      .object({ model: z.string().nullable(), sampled: z.int(), scored: z.int(), agreed: z.int() })
      .nullable(),
    drift: z
      .object({
        posts: z.int(),
        score_psi: z.number(),
        length_psi: z.number(),
        class_psi: z.number(),
        shares: z.record(z.string(), share),
      })
      .nullable(),
  }),
});
type ScoredBatch = z.output<typeof reportSchema>;

export interface LastScoring {
  /** Of the newest batch: `name/version`. */
  model: string;
  digest: string;
  /** Added up over the batches in a row that had the newest one's model and shadow. */
  shadow: ScoredBatch['scoring']['shadow'];
  /** Of the newest batch. */
  drift: ScoredBatch['scoring']['drift'];
}

/** So many commits are looked at. */
const newest = 50;

/** Null where no batch has been scored and looked at. */
export async function lastScoring(gold: LakeTable): Promise<LastScoring | null> {
  const batches = (await gold.history(newest)).flatMap(({ murmur }) => {
    const { success, data } = reportSchema.safeParse(murmur);
    return success ? [data] : [];
  });
  const [last] = batches;
  if (last === undefined) return null;
  const isAlike = ({ model, scoring }: ScoredBatch) =>
    model.digest === last.model.digest && scoring.shadow?.model === last.scoring.shadow?.model;
  const end = batches.findIndex((batch) => !isAlike(batch));
  const alike = end === -1 ? batches : batches.slice(0, end);
  const sum = (of: 'sampled' | 'scored' | 'agreed') =>
    alike.reduce((total, { scoring }) => total + scoring.shadow![of], 0);
  const { shadow, drift } = last.scoring;
  return {
    model: last.model.id,
    digest: last.model.digest,
    shadow:
      shadow === null
        ? null
        : { model: shadow.model, sampled: sum('sampled'), scored: sum('scored'), agreed: sum('agreed') },
    drift,
  };
}
