/** Commands and queries of one session: what `execute` gives, as answers and rows. */
import type { MessageInitShape } from '@bufbuild/protobuf';
import { MurmurError } from '../../../base/errors.js';
import { readRows, type SparkRow } from './arrow-rows.js';
import { type ExecuteOptions, execute } from './execute.js';
import type { ExecutePlanResponse } from './gen/spark/connect/base_pb.js';
import type { CommandSchema } from './gen/spark/connect/commands_pb.js';
import { type Relation, sqlRelation } from './relations.js';
import { type Observations, readBatches } from './results.js';
import type { Wire } from './wire.js';

export type Command = NonNullable<MessageInitShape<typeof CommandSchema>['commandType']>;
export type Answer = ExecutePlanResponse['responseType'];
type Answers = { [A in Answer as A['case'] & string]: A['value'] & object };

export class Statements {
  constructor(
    readonly wire: Wire,
    /** Whether the server can send a large batch in pieces (Spark 4.1). */
    readonly chunked: boolean,
  ) {}

  /** Runs a command to its end. @throws spark.* */
  async run(doing: string, command: Command, options?: ExecuteOptions): Promise<Answer[]> {
    const answers: Answer[] = [];
    const plan = { opType: { case: 'command' as const, value: { commandType: command } } };
    for await (const { responseType } of execute(this.wire, doing, plan, this.chunked, options))
      answers.push(responseType);
    return answers;
  }

  /** Runs a command that has one answer. @throws spark.*, spark.answer_unreadable (external) when it does not come */
  async answer<C extends keyof Answers>(
    doing: string,
    command: Command,
    wanted: C,
    options?: ExecuteOptions,
  ): Promise<Answers[C]> {
    const answers = await this.run(doing, command, options);
    const found = answers.find((a) => a.case === wanted);
    if (found === undefined) throw unexpected(wanted);
    return found.value as Answers[C];
  }

  /** DDL and DML run at once; a query comes back lazy. @throws spark.analysis (user), spark.* */
  async sql(query: string, options?: ExecuteOptions): Promise<Relation> {
    const value = { input: sqlRelation(query) };
    const { relation } = await this.answer(
      'running SQL',
      { case: 'sqlCommand', value },
      'sqlCommandResult',
      options,
    );
    return relation ?? sqlRelation(query);
  }

  /** A relation's rows, one Arrow batch at a time. @throws spark.rows_lost (external), spark.* */
  async *batches(
    relation: Relation,
    options?: ExecuteOptions,
    observed?: Observations,
  ): AsyncGenerator<SparkRow[]> {
    const doing = 'running a query';
    const here = relation.relType?.case === 'localRelation' ? relation.relType.value.data : undefined;
    if (here !== undefined) {
      yield readRows(here);
      return;
    }
    const plan = { opType: { case: 'root' as const, value: relation } };
    yield* readBatches(doing, execute(this.wire, doing, plan, this.chunked, options), observed);
  }
}

/** The server kept silent where the protocol has it answer. */
export function unexpected(wanted: string): MurmurError {
  return new MurmurError('spark.answer_unreadable', `reading Spark's answer: no ${wanted} in it`, {
    fault: 'external',
    fix: 'use a Spark release from 4.0 on; if it is one, report this as a bug of Murmur',
  });
}
