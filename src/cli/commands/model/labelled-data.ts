/** The options of `model evaluate` and `model compare` that say which rows a model is judged by. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { type Command, InvalidArgumentError } from 'commander';
import type { DatasetInput } from '../../../mlflow/index.js';
import type { LabelledSet } from '../../../operate/labelled-rows.js';
import { givenScheme, type LabelScheme, type Sentiment, sentiments } from '../../../posts/labels.js';
import type { Cli } from '../../cli.js';

export interface DataOptions {
  data?: string;
  text?: string;
  label?: string;
  labels?: LabelScheme;
}

export function addDataOptions(command: Command): Command {
  return command
    .option('--data <file>', 'labelled texts: CSV, TSV, NDJSON or JSON, gzipped or not')
    .option('--text <column>', 'which column is the text: its name, or its number from 1')
    .option('--label <column>', 'which column is the label')
    .option('--labels <map>', 'what labels mean, like 0=negative,2=neutral,4=positive', parseScheme);
}

export interface LabelledData {
  set: LabelledSet;
  /** The same as MLflow knows it. */
  dataset: DatasetInput;
}

/**
 * The file's rows, with the labels' meaning: `--labels`, else found from the whole set.
 * @throws what `readLabelledFile`, `schemeOf` and `judgedSet` throw
 */
export async function readData(cli: Cli, o: DataOptions & { data: string }): Promise<LabelledData> {
  const { readLabelledFile } = await import('../../../operate/labelled-file.js');
  const { judgedSet, schemeOf } = await import('../../../operate/labelled-rows.js');
  const rows = await readLabelledFile(cli.path(o.data), {
    ...(o.text === undefined ? {} : { text: o.text }),
    ...(o.label === undefined ? {} : { label: o.label }),
    ...(o.labels === undefined ? {} : { labels: o.labels }),
  });
  const name = basename(o.data);
  const set = judgedSet(name, rows, schemeOf(name, rows, o.labels));
  const path = cli.path(o.data);
  const digest = createHash('sha256').update(await readFile(path));
  const dataset: DatasetInput = {
    name,
    digest: digest.digest('hex').slice(0, 32),
    sourceType: 'local',
    source: JSON.stringify({ uri: path }),
    schema: JSON.stringify({
      mlflow_colspec: ['text', 'label'].map((column) => ({ type: 'string', name: column, required: false })),
    }),
    profile: JSON.stringify({ num_rows: rows.length }),
    context: 'evaluation',
  };
  return { set, dataset };
}

function parseScheme(text: string): LabelScheme {
  const map: Record<string, Sentiment> = {};
  for (const pair of text.split(',')) {
    const at = pair.lastIndexOf('=');
    const meaning = pair.slice(at + 1).trim();
    if (at < 1 || !(sentiments as readonly string[]).includes(meaning)) {
      throw new InvalidArgumentError(`"${pair}" is not LABEL=${sentiments.join('|')}`);
    }
    map[pair.slice(0, at)] = meaning as Sentiment;
  }
  return givenScheme(map);
}
