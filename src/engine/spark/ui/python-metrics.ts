/** What went through Python workers, from the metrics of plans in the REST interface of the Spark UI. */
import type { PythonSignal, StageSignal } from '../../signals.js';
import type { SparkUi } from './rest.js';

interface PlanAnswer {
  successJobIds: number[];
  nodes?: { nodeName: string; metrics: { name: string; value: string }[] }[];
}

interface JobAnswer {
  jobId: number;
  stageIds: number[];
}

/** Plans that are read: all that an application keeps (`spark.sql.ui.retainedExecutions`). */
const plans = 1_000;

/** Of the plans that had these stages. @throws spark.ui_closed (external) */
export async function readPython(ui: SparkUi, stages: readonly StageSignal[]): Promise<PythonSignal[]> {
  const answer = await ui.get<PlanAnswer[]>(
    `/sql?details=true&planDescription=false&offset=0&length=${plans}`,
  );
  const withPython = answer.filter(({ nodes }) => nodes?.some(isPython));
  if (withPython.length === 0) return [];
  const jobs = await ui.get<JobAnswer[]>('/jobs?status=succeeded');
  const stagesOf = new Map(jobs.map(({ jobId, stageIds }) => [jobId, stageIds]));
  const works = new Map(stages.map(({ id, work }) => [id, work]));
  return withPython.flatMap(({ successJobIds, nodes = [] }) => {
    const work = successJobIds
      .flatMap((job) => stagesOf.get(job) ?? [])
      .flatMap((id) => works.get(id) ?? [])[0];
    if (work === undefined) return [];
    return nodes.filter(isPython).map(({ nodeName, metrics }): PythonSignal => {
      const value = (name: string) => metricValue(metrics.find((metric) => metric.name === name)?.value);
      return {
        work,
        node: nodeName,
        rows: value('number of output rows'),
        sentBytes: value('data sent to Python workers'),
        receivedBytes: value('data returned from Python workers'),
        runMs: value('time to run Python workers'),
      };
    });
  });
}

function isPython({
  nodeName,
  metrics,
}: {
  nodeName: string;
  metrics: readonly { name: string }[];
}): boolean {
  return /Python|InArrow|InPandas/.test(nodeName) && metrics.length > 0;
}

const units: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  b: 1,
  kib: 2 ** 10,
  mib: 2 ** 20,
  gib: 2 ** 30,
  tib: 2 ** 40,
};

/**
 * A metric as the UI writes it, in milliseconds, bytes or as it is: `1.0 s`, `160.5 KiB`, `20,000`. Of several tasks the total stands
 * on a second line, before what it is made of: `total (min, med, max)\n5.1 s (…)`.
 */
export function metricValue(text: string | undefined): number {
  const [, digits, unit = ''] = /^([\d.,]+)\s*([a-z]*)/i.exec(text?.split('\n').at(-1) ?? '') ?? [];
  if (digits === undefined) return 0;
  return Number(digits.replaceAll(',', '')) * (units[unit.toLowerCase()] ?? 1);
}
