/** How the landing place is read by Spark, where the shape of it matters; what it gives is proven on a real Spark. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { MurmurError } from '../../../src/base/errors.js';
import { packageRoot } from '../../../src/base/package-root.js';
import type { PythonMap, Relation, SparkSession } from '../../../src/engine/spark/connect/index.js';
import { SparkException } from '../../../src/engine/spark/connect/spark-exception.js';
import type { LandingPlace } from '../../../src/engine/spark/context.js';
import { landedPosts } from '../../../src/engine/spark/landing.js';
import { callsOf } from './unpickled.js';

const place: LandingPlace = {
  root: "/data/it's/landing",
  format: 'auto',
  maxLine: 1_000,
  mapping: {},
  csv: { header: 'auto', delimiter: ';', columns: ["it's", 'text'] },
};

/** A session that notes the views made in it, and whose workers run this Python. */
class NotingSession {
  readonly views = new Map<string, Relation>();
  readonly tried: string[] = [];

  constructor(readonly python: string) {}

  async view(name: string, input: Relation): Promise<void> {
    this.views.set(name, input);
  }

  async rows(query: Relation): Promise<unknown[]> {
    const { version } = pythonOf(query);
    this.tried.push(version);
    if (version === this.python) return [];
    const said = `[PYTHON_VERSION_MISMATCH] Python in worker has different version: ${this.python} than that in driver: ${version}`;
    throw new MurmurError('spark.query_failed', 'asking', {
      fault: 'external',
      cause: new SparkException(said, { classes: ['org.apache.spark.api.python.PythonException'] }),
    });
  }

  /** The SQL of a view. */
  sql(name: string): string {
    const { relType } = this.views.get(name)!;
    if (relType?.case !== 'sql') throw new Error(`${name} is no view of SQL`);
    return relType.value.query!;
  }
}

/** The function of an Arrow map. */
function pythonOf({ relType }: Relation): {
  version: string;
  command: PythonMap['command'];
  input: Relation;
} {
  if (relType?.case !== 'mapPartitions') throw new Error('no Arrow map');
  const { func, input } = relType.value;
  const udf = func!.function!;
  if (udf.case !== 'pythonUdf') throw new Error('no Python');
  return { version: udf.value.pythonVer!, command: udf.value.command!, input: input! };
}

async function landed(more: Partial<LandingPlace> = {}, python = '3.11'): Promise<NotingSession> {
  const session = new NotingSession(python);
  const files: Relation = { relType: { case: 'sql', value: { query: 'SELECT 1' } } };
  await landedPosts(session as unknown as SparkSession, files, { ...place, ...more });
  return session;
}

describe('files of the landing place', () => {
  /** What of the files SQL reads by itself, and what Python gets. */
  async function shares(format: LandingPlace['format']): Promise<[sql: string, python: string]> {
    const session = await landed({ format });
    const { input } = pythonOf(session.views.get('murmur_opened_files')!);
    if (input.relType?.case !== 'sql') throw new Error('no SQL');
    const where = (sql: string) => /WHERE ([^\n]*)/.exec(sql)![1]!;
    return [where(session.sql('murmur_landing_0')), where(input.relType.value.query!)];
  }

  it('are told apart by their names alone, and no file is read by both', async () => {
    const names = "source_file RLIKE r'(?i)\\.(ndjson|jsonl|json)\\z'";
    expect(await shares('auto')).toEqual([names, `NOT (${names})`]);
    for (const format of ['ndjson', 'json', 'csv', 'parquet'] as const) {
      const [sql, python] = await shares(format);
      expect(python).toBe(`NOT (${sql})`);
    }
    expect((await shares('json'))[0]).toContain('gz');
    expect(await shares('parquet')).toEqual(['false', 'NOT (false)']);
  });

  it('are of one source, whichever their formats are', async () => {
    const session = await landed();
    const sources = [...session.views].filter(([, { relType }]) => relType?.case === 'project');
    expect(sources.map(([name]) => name)).toEqual(['murmur_files']);
    expect(session.sql('murmur_finished_files')).toContain('FROM murmur_files');
    expect(session.sql('murmur_landing_0')).toMatch(/FROM murmur_finished_files.*FROM murmur_opened_files/s);
  });
});

describe('the Python that opens files', () => {
  it('carries its three sources, and the settings as data', async () => {
    const session = await landed();
    const { command } = pythonOf(session.views.get('murmur_opened_files')!);
    const [make, ask] = callsOf(command);
    const shipped = (file: string) => [file, readFileSync(join(packageRoot(), 'models/spark', file), 'utf8')];
    expect(Object.entries((make!.args[1] as { sources: object }).sources)).toEqual(
      ['murmur_csv.py', 'murmur_parquet.py', 'murmur_landing.py'].map(shipped),
    );
    expect(JSON.parse(ask!.args[0] as string)).toEqual({
      format: 'auto',
      csv: { header: 'auto', delimiter: ';', columns: ["it's", 'text'] },
      maxLine: 1_000,
    });
  });

  it('is of the version that the workers have', async () => {
    const session = await landed({}, '3.13');
    expect(session.tried).toEqual(['3.11', '3.13']);
    expect(pythonOf(session.views.get('murmur_opened_files')!).version).toBe('3.13');
  });
});
