/**
 * The medallion as four plans: what each layer computes from the one before it. Only names and meaning stand here; the
 * engine decides how, and `posts` holds the reference of every named function.
 */
import {
  type Aggregate,
  batchTime,
  call,
  col,
  definePlan,
  type Expr,
  type Node,
  type Plan,
  sql,
} from '../engine/plan.js';
import { bronze as bronzeTable, type StreamName, silver as silverTable } from '../posts/tables.js';

export interface MedallionOptions {
  /** Whether `total` counts neutral posts too. */
  neutralInTotal: boolean;
}

/** The plans of the four streaming queries, by the name of the table that each one writes. */
export function medallion(options: MedallionOptions): Record<StreamName, Plan> {
  return { bronze, silver, gold, application: application(options) };
}

/** Raw posts as they came, with where and when. */
const bronze: Plan = definePlan({
  node: {
    op: 'expect',
    input: {
      op: 'project',
      input: { op: 'read', from: 'landing' },
      columns: { ...same(bronzeTable.fields.map((f) => f.name)), processing_time: batchTime },
    },
  },
  sink: { op: 'append', table: 'bronze' },
});

/** One row a mention, the date parsed, the text cleaned. Later versions and deletions of a post are not posts. */
const silver: Plan = definePlan({
  node: {
    op: 'project',
    input: {
      op: 'explode',
      column: 'mentions',
      as: 'mention',
      input: {
        op: 'expect',
        input: {
          op: 'project',
          input: {
            op: 'filter',
            input: { op: 'read', from: 'bronze' },
            where: sql("op = 'create'"),
            counts: 'superseded',
          },
          columns: {
            ...same(['text', 'sentiment', 'user', 'post_id', 'lang', 'source']),
            timestamp: call('parse_timestamp', col('date')),
            timestamp_error: call('timestamp_error', col('date')),
            mentions: call('coalesce', col('mentions'), call('mentions', col('text'))),
            cleaned_text: call('clean_text', col('text')),
          },
        },
      },
    },
    columns: {
      ...same(silverTable.fields.map((f) => f.name)),
      mention: call('lower', col('mention')),
    },
  },
  sink: { op: 'append', table: 'silver' },
});

/** The model's opinion of each post, beside the label that came with it. */
const gold: Plan = definePlan({
  node: {
    op: 'project',
    input: {
      op: 'score',
      column: 'text',
      input: { op: 'expect', input: { op: 'read', from: 'silver' } },
    },
    columns: {
      ...same(silverTable.fields.map((f) => f.name)),
      ...same(['predicted_score', 'predicted_sentiment', 'model', 'scored_at']),
      sentiment_id: call('label_id', col('sentiment')),
      predicted_sentiment_id: call('label_id', col('predicted_sentiment')),
    },
  },
  sink: { op: 'append', table: 'gold' },
});

/** Sentiment per mention, kept up to date by merging what is new. */
function application({ neutralInTotal }: MedallionOptions): Plan {
  const counted = (sentiment: string): Aggregate => ({
    fn: 'count_if',
    when: sql(`predicted_sentiment = '${sentiment}'`),
  });
  const node: Node = {
    op: 'aggregate',
    input: { op: 'read', from: 'gold' },
    keys: ['mention'],
    measures: {
      positive: counted('positive'),
      negative: counted('negative'),
      neutral: counted('neutral'),
      min_timestamp: { fn: 'min', of: col('timestamp') },
      max_timestamp: { fn: 'max', of: col('timestamp') },
    },
  };
  return definePlan({
    node,
    sink: {
      op: 'merge',
      table: 'application',
      keys: ['mention'],
      columns: {
        positive: 'add',
        negative: 'add',
        neutral: 'add',
        min_timestamp: 'least',
        max_timestamp: 'greatest',
      },
      derive: { total: neutralInTotal ? ['positive', 'negative', 'neutral'] : ['positive', 'negative'] },
    },
  });
}

function same(names: readonly string[]): Record<string, Expr> {
  return Object.fromEntries(names.map((name) => [name, col(name)]));
}
