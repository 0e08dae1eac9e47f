/** Tables that Spark makes, each with a feature of the protocol, and what we may do with it. */

export interface SparkTable {
  name: string;
  /** Statements of Spark SQL; `{name}` is the table itself. */
  made: readonly string[];
  /** The feature that we refuse by name: for reading, for any write, or for changes of rows. */
  refuses?: { read?: string; write?: string; rows?: string };
}

const numbers = 'SELECT id, id % 7 AS k, concat("text ", id) AS s FROM range';
const create = (name: string, columns: string, properties: Record<string, string> = {}, clauses = '') => {
  const list = Object.entries(properties).map(([key, value]) => `'${key}' = '${value}'`);
  const set = list.length > 0 ? `TBLPROPERTIES (${list.join(', ')})` : '';
  return `CREATE TABLE {${name}} (${columns}) USING delta ${clauses} ${set}`;
};
const numbersTable = (name: string, properties: Record<string, string> = {}, clauses = '') =>
  create(name, 'id BIGINT, k BIGINT, s STRING', properties, clauses);

/** Fills, deletes, updates and merges: what makes a table old. */
const life = (name: string) => [
  `INSERT INTO {${name}} ${numbers}(0, 200)`,
  `DELETE FROM {${name}} WHERE id % 10 = 3`,
  `INSERT INTO {${name}} ${numbers}(200, 300)`,
  `UPDATE {${name}} SET s = 'updated 😀' WHERE id % 11 = 5`,
  `MERGE INTO {${name}} t USING (${numbers}(290, 320)) s ON t.id = s.id
   WHEN MATCHED THEN UPDATE SET s = 'merged' WHEN NOT MATCHED THEN INSERT *`,
];

export const sparkTables: readonly SparkTable[] = [
  { name: 'plain', made: [numbersTable('plain'), ...life('plain')] },
  {
    name: 'parted',
    made: [
      create(
        'parted',
        'id BIGINT, part STRING, day DATE, at TIMESTAMP',
        {},
        'PARTITIONED BY (part, day, at)',
      ),
      `INSERT INTO {parted} SELECT id, element_at(array('a/b', '100%', 'x=y?#', 'zürich 😀', "it's", ' lead', '%41', 'c:d', NULL), CAST(id % 9 + 1 AS INT)),
         date_add(DATE'2024-02-28', CAST(id % 3 AS INT)), timestamp_micros(1700000000123456 + id % 2) FROM range(60)`,
      `DELETE FROM {parted} WHERE id IN (3, 4, 33)`,
      `OPTIMIZE {parted}`,
    ],
  },
  {
    name: 'checkpoints',
    made: [numbersTable('checkpoints', { 'delta.checkpointInterval': '2' }), ...life('checkpoints')],
  },
  {
    name: 'deletion-vectors',
    made: [
      numbersTable('deletion-vectors', {
        'delta.enableDeletionVectors': 'true',
        'delta.checkpointInterval': '3',
      }),
      ...life('deletion-vectors'),
      `DELETE FROM {deletion-vectors} WHERE id % 13 = 1`,
    ],
  },
  ...['json', 'parquet'].map((format) => ({
    name: `v2-checkpoint-${format}`,
    made: [
      `SET spark.databricks.delta.checkpointV2.topLevelFileFormat = ${format}`,
      numbersTable(`v2-checkpoint-${format}`, {
        'delta.checkpointPolicy': 'v2',
        'delta.checkpointInterval': '2',
      }),
      ...life(`v2-checkpoint-${format}`),
    ],
  })),
  ...['name', 'id'].map((mode) => ({
    name: `mapping-${mode}`,
    made: [
      create(
        `mapping-${mode}`,
        '`post id` BIGINT, person STRUCT<`first name`: STRING, age: INT>, gone INT, old STRING, part STRING',
        { 'delta.columnMapping.mode': mode },
        'PARTITIONED BY (part)',
      ),
      `INSERT INTO {mapping-${mode}} SELECT id, named_struct('a', concat('n', id), 'b', CAST(id AS INT)), 1, concat('o', id), concat('p ', id % 2) FROM range(50)`,
      `ALTER TABLE {mapping-${mode}} RENAME COLUMN old TO \`new = name\``,
      `ALTER TABLE {mapping-${mode}} DROP COLUMN gone`,
      `ALTER TABLE {mapping-${mode}} RENAME COLUMN person.age TO years`,
      `ALTER TABLE {mapping-${mode}} ADD COLUMN gone STRING`,
      `INSERT INTO {mapping-${mode}} VALUES (99, named_struct('a', 'x', 'b', 7), 'new', NULL, 'back')`,
    ],
    refuses: { write: 'columnMapping' },
  })),
  {
    name: 'widened',
    made: [
      create(
        'widened',
        'id INT, tiny TINYINT, real FLOAT, price DECIMAL(5,2), day DATE, inner STRUCT<n: SMALLINT>, list ARRAY<INT>',
        {
          'delta.enableTypeWidening': 'true',
          'delta.feature.timestampNtz': 'supported',
        },
      ),
      `INSERT INTO {widened} SELECT CAST(id AS INT), CAST(id AS TINYINT), id / 3, id / 100, date_add(DATE'2024-01-01', CAST(id AS INT)), named_struct('n', CAST(id AS SMALLINT)), array(CAST(id AS INT), NULL) FROM range(50)`,
      `ALTER TABLE {widened} ALTER COLUMN id TYPE BIGINT`,
      `ALTER TABLE {widened} ALTER COLUMN tiny TYPE INT`,
      `ALTER TABLE {widened} ALTER COLUMN real TYPE DOUBLE`,
      `ALTER TABLE {widened} ALTER COLUMN price TYPE DECIMAL(20,5)`,
      `ALTER TABLE {widened} ALTER COLUMN day TYPE TIMESTAMP_NTZ`,
      `ALTER TABLE {widened} ALTER COLUMN inner.n TYPE BIGINT`,
      `ALTER TABLE {widened} ALTER COLUMN list.element TYPE BIGINT`,
      `INSERT INTO {widened} VALUES (9007199254740993, 70000, 0.1, 123456789012345.67891, TIMESTAMP_NTZ'2024-05-05 05:05:05.000001', named_struct('n', 5000000000), array(5000000000))`,
    ],
    refuses: { write: 'typeWidening' },
  },
  {
    name: 'clustered',
    made: [numbersTable('clustered', {}, 'CLUSTER BY (k)'), ...life('clustered'), `OPTIMIZE {clustered}`],
    refuses: { write: 'clustering' },
  },
  {
    name: 'change-feed',
    made: [numbersTable('change-feed', { 'delta.enableChangeDataFeed': 'true' }), ...life('change-feed')],
    refuses: { rows: 'changeDataFeed' },
  },
  {
    name: 'in-commit-times',
    made: [
      numbersTable('in-commit-times', { 'delta.enableInCommitTimestamps': 'true' }),
      ...life('in-commit-times'),
    ],
  },
  {
    name: 'in-commit-times-later',
    made: [
      numbersTable('in-commit-times-later'),
      ...life('in-commit-times-later'),
      `ALTER TABLE {in-commit-times-later} SET TBLPROPERTIES ('delta.enableInCommitTimestamps' = 'true')`,
      `INSERT INTO {in-commit-times-later} ${numbers}(400, 410)`,
    ],
  },
  {
    name: 'local-times',
    made: [
      create('local-times', 'id BIGINT, wall TIMESTAMP_NTZ, part TIMESTAMP_NTZ', {}, 'PARTITIONED BY (part)'),
      `INSERT INTO {local-times} SELECT id, TIMESTAMP_NTZ'2024-03-31 02:30:00.123456' + make_dt_interval(0, CAST(id AS INT)), TIMESTAMP_NTZ'2024-03-31 02:30:00' + make_dt_interval(CAST(id % 2 AS INT)) FROM range(30)`,
    ],
  },
  {
    name: 'evolved',
    made: [
      numbersTable('evolved'),
      `INSERT INTO {evolved} ${numbers}(0, 20)`,
      `ALTER TABLE {evolved} ADD COLUMNS (extra STRUCT<a: INT>, day DATE AFTER id)`,
      `INSERT INTO {evolved} VALUES (50, DATE'2024-01-01', 1, 'x', named_struct('a', 1))`,
      `ALTER TABLE {evolved} ADD COLUMNS (extra.b ARRAY<STRING>)`,
      `INSERT INTO {evolved} VALUES (51, NULL, 1, 'x', named_struct('a', 1, 'b', array('y', NULL)))`,
    ],
  },
  {
    name: 'restored',
    made: [
      numbersTable('restored'),
      ...life('restored'),
      `RESTORE TABLE {restored} TO VERSION AS OF 2`,
      `VACUUM {restored} RETAIN 0 HOURS`,
    ],
  },
  {
    name: 'cloned',
    made: [
      numbersTable('clone-source'),
      ...life('clone-source'),
      `CREATE TABLE {cloned} SHALLOW CLONE {clone-source}`,
    ],
  },
  {
    name: 'constrained',
    made: [
      numbersTable('constrained'),
      ...life('constrained'),
      `ALTER TABLE {constrained} ADD CONSTRAINT c CHECK (id >= 0)`,
    ],
    refuses: { write: 'checkConstraints' },
  },
  {
    name: 'tracked',
    made: [numbersTable('tracked', { 'delta.enableRowTracking': 'true' }), ...life('tracked')],
    refuses: { write: 'rowTracking' },
  },
  {
    name: 'generated',
    made: [
      create('generated', 'id BIGINT, twice BIGINT GENERATED ALWAYS AS (id * 2)'),
      `INSERT INTO {generated} (id) SELECT id FROM range(20)`,
    ],
    refuses: { write: 'generatedColumns' },
  },
  {
    name: 'identity',
    made: [
      create('identity', 'n BIGINT GENERATED ALWAYS AS IDENTITY, id BIGINT'),
      `INSERT INTO {identity} (id) SELECT id FROM range(20)`,
    ],
    refuses: { write: 'identityColumns' },
  },
  {
    name: 'defaults',
    made: [
      create('defaults', `id BIGINT, s STRING DEFAULT 'none'`, {
        'delta.feature.allowColumnDefaults': 'supported',
      }),
      `INSERT INTO {defaults} (id) SELECT id FROM range(20)`,
    ],
    refuses: { write: 'allowColumnDefaults' },
  },
  {
    name: 'variant',
    made: [
      create('variant', 'id BIGINT, v VARIANT'),
      `INSERT INTO {variant} SELECT id, parse_json('{"a": 1}') FROM range(3)`,
    ],
    refuses: { read: 'variantType' },
  },
];
