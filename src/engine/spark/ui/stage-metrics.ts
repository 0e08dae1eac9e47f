/** How the stages of an application went, from the REST interface of its UI. */
import type { Spread, StageSignal } from '../../signals.js';
import type { SparkUi } from './rest.js';

/** Of which stages. */
export interface StageChoice {
  /** Texts of which one stands in the statement, or in the name of the streaming batch, that the stage belongs to. */
  marks: readonly string[];
  /** Submitted at this time or later. Milliseconds since the epoch. */
  since: number;
}

/** As the REST interface has it; times in milliseconds but those that say otherwise. */
export interface StageAnswer {
  stageId: number;
  numTasks: number;
  submissionTime?: string;
  description?: string;
  details?: string;
  name?: string;
  executorRunTime: number;
  jvmGcTime: number;
  shuffleFetchWaitTime: number;
  inputBytes: number;
  shuffleReadBytes: number;
  shuffleWriteBytes: number;
  memoryBytesSpilled: number;
  diskBytesSpilled: number;
  peakExecutionMemory: number;
  taskMetricsDistributions?: {
    quantiles: number[];
    duration: number[];
    diskBytesSpilled: number[];
    inputMetrics: { bytesRead: number[] };
    shuffleReadMetrics: { readBytes: number[] };
  };
}

/** Newest first; as many as the application keeps (`spark.ui.retainedStages`, 1,000). @throws spark.ui_closed (external) */
export async function readStages(ui: SparkUi, choice: StageChoice): Promise<StageSignal[]> {
  const answer = await ui.get<StageAnswer[]>(
    '/stages?status=complete&details=false&withSummaries=true&quantiles=0.5,1.0',
  );
  return answer.filter((stage) => isChosen(stage, choice)).map(stageSignal);
}

function isChosen(stage: StageAnswer, { marks, since }: StageChoice): boolean {
  if (stage.numTasks === 0 || stage.submissionTime === undefined || timeOf(stage.submissionTime) < since)
    return false;
  const text = `${stage.details ?? ''}\n${stage.description ?? ''}`;
  return marks.some((mark) => text.includes(mark));
}

function stageSignal(stage: StageAnswer): StageSignal {
  const tasks = stage.taskMetricsDistributions;
  return {
    id: stage.stageId,
    work: workOf(stage),
    tasks: stage.numTasks,
    runMs: stage.executorRunTime,
    gcMs: stage.jvmGcTime,
    fetchWaitMs: stage.shuffleFetchWaitTime,
    inputBytes: stage.inputBytes,
    shuffleReadBytes: stage.shuffleReadBytes,
    shuffleWriteBytes: stage.shuffleWriteBytes,
    memorySpilledBytes: stage.memoryBytesSpilled,
    diskSpilledBytes: stage.diskBytesSpilled,
    peakMemoryBytes: stage.peakExecutionMemory,
    taskMs: spread(tasks?.duration),
    taskReadBytes: spread(
      stage.shuffleReadBytes > 0 ? tasks?.shuffleReadMetrics.readBytes : tasks?.inputMetrics.bytesRead,
    ),
    taskSpilledBytes: spread(tasks?.diskBytesSpilled),
  };
}

function spread([median = 0, max = 0]: readonly number[] = []): Spread {
  return { median, max };
}

const longestWork = 70;

/** A stream by its name, a statement by how it begins, Delta's own work by what it is. */
export function workOf({ description = '', details = '', name = '' }: Partial<StageAnswer>): string {
  const delta = /^Delta: .*: ([A-Z][^:]+(?:: \d+)?)$/s.exec(description)?.[1];
  const stream = /^(?:Delta: )*(.*)\nid = /.exec(description)?.[1];
  const statement = /query: "((?:[^"\\]|\\.)*)"/
    .exec(details)?.[1]
    ?.replace(/\\(.)/g, (_, c) => (c === 'n' ? ' ' : c));
  const work = (stream ?? statement ?? (name || description)).replace(/\s+/g, ' ').trim();
  const short = work.length > longestWork ? `${work.slice(0, longestWork - 1)}…` : work;
  return delta === undefined ? short : `${short} (Delta: ${delta.toLowerCase()})`;
}

/** `2026-11-21T18:16:02.522GMT` */
export function timeOf(text: string): number {
  return Date.parse(text.replace(/GMT$/, 'Z'));
}
