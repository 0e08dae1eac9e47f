import { describe, expect, it } from 'vitest';
import type { Action } from '../../src/delta/actions.js';
import { commitPath } from '../../src/delta/log-files.js';
import { arrayOf, column, type DeltaTable, isMurmurError, struct } from '../../src/table/index.js';
import { commitOf, dataFiles, newTable, reopen, rowsOf, useTables } from './tables.js';

useTables();

const place = struct(column('City', 'string'), column('zip', 'integer'));
const schema = struct(column('Id', 'long'), column('place', place), column('n', 'short'));
const codeOf = (work: Promise<unknown>) =>
  work.then(
    () => 'done',
    (e) => (isMurmurError(e) ? e.code : String(e)),
  );
const names = (table: DeltaTable) => table.schema.fields.map(({ name }) => name);

describe('schema enforcement', () => {
  it('matches names ignoring case, and keeps the spelling of the table', async () => {
    const table = await newTable({ schema });
    await table.append([{ ID: 1, PLACE: { city: 'Ulm' } }]);
    await table.append({ sql: "SELECT 2 AS iD, {'CITY': 'Bern', 'zip': 3000} AS Place" });
    expect(await rowsOf(await reopen(table))).toEqual([
      { Id: 1, place: { City: 'Ulm', zip: null }, n: null },
      { Id: 2, place: { City: 'Bern', zip: 3000 }, n: null },
    ]);
  });

  it.each<[string, unknown, string]>([
    ['an extra column', [{ id: 1, extra: 2 }], 'table.column_unknown'],
    ['an extra nested column', [{ place: { street: 'x' } }], 'table.column_unknown'],
    ['text for a number', [{ id: 'one' }], 'table.value_mismatch'],
    ['a fraction for an integer', [{ id: 1.5 }], 'table.value_mismatch'],
    ['a number out of range', [{ n: 40_000 }], 'table.value_mismatch'],
    ['something else for a struct', [{ place: 'Ulm' }], 'table.value_mismatch'],
    ['what is no row', [null], 'table.value_mismatch'],
    ['an extra column of a query', { sql: 'SELECT 1 AS id, 2 AS extra' }, 'delta.schema_mismatch'],
    [
      'an extra nested column of a query',
      { sql: "SELECT {'street': 'x'} AS place" },
      'delta.schema_mismatch',
    ],
    ['text for a number in a query', { sql: "SELECT '1' AS id" }, 'duck.type_mismatch'],
    ['a double for an integer in a query', { sql: 'SELECT 1::DOUBLE AS id' }, 'duck.type_mismatch'],
    ['a time for a number in a query', { sql: 'SELECT now() AS id' }, 'duck.type_mismatch'],
    ['a number out of range in a query', { sql: 'SELECT 40000 AS n' }, 'duck.sql_error'],
    ['a column twice', { sql: 'SELECT 1 AS id, 2 AS ID' }, 'table.column_ambiguous'],
  ])('refuses %s, and writes nothing', async (_what, input, code) => {
    const table = await newTable({ schema });
    expect(await codeOf(table.append(input as Parameters<DeltaTable['append']>[0]))).toBe(code);
    expect(await dataFiles(table)).toEqual([]);
    expect(table.version).toBe(0);
  });

  it('takes what fits without loss', async () => {
    const table = await newTable({ schema });
    await table.append({ sql: 'SELECT sum(range) AS id, 7::UTINYINT AS n FROM range(10)' });
    await table.append([{ id: '9223372036854775807', n: 3n }]);
    await table.append({ sql: 'SELECT 1 AS id, NULL AS place, NULL AS n' });
    expect((await rowsOf(table)).map(({ Id, n }) => [Id, n])).toEqual([
      ['9223372036854775807', 3],
      [1, null],
      [45, 7],
    ]);
  });
});

describe('every type', () => {
  it('goes in as JavaScript has it and comes out the same', async () => {
    const all = struct(
      ...[column('b', 'boolean'), column('f', 'float'), column('d', 'double'), column('m', 'decimal(10,2)')],
      ...[column('day', 'date'), column('at', 'timestamp'), column('local', 'timestamp_ntz')],
      ...[column('bytes', 'binary'), column('list', arrayOf('integer'))],
      column('map', { type: 'map', keyType: 'string', valueType: 'long', valueContainsNull: true }),
    );
    const table = await newTable({ schema: all });
    await table.append([
      {
        ...{
          b: true,
          f: 0.5,
          d: 'NaN',
          m: '12345678.90',
          day: '2024-02-29',
          at: '2024-01-01T01:00:00.000001+01:00',
        },
        ...{ local: '2024-01-01 00:00:00', bytes: new Uint8Array([1, 2]), list: [1, null], map: { a: 1n } },
      },
      {
        ...{ b: false, d: 1, m: 7, day: new Date('1969-12-31'), at: new Date(1), local: 5n },
        map: new Map([['k', null]]),
      },
    ]);
    const common = { bytes: null, f: null, list: null };
    expect(await rowsOf(table)).toEqual([
      {
        ...{ b: false, d: 1, m: '7.00', day: '1969-12-31', at: '1970-01-01T00:00:00.001Z' },
        ...{ ...common, local: '1970-01-01T00:00:00.000005', map: { k: null } },
      },
      {
        ...{
          b: true,
          f: 0.5,
          d: 'NaN',
          m: '12345678.90',
          day: '2024-02-29',
          at: '2024-01-01T00:00:00.000001Z',
        },
        ...{ local: '2024-01-01T00:00:00', bytes: 'AQI=', list: [1, null], map: { a: 1 } },
      },
    ]);
    for (const row of [{ m: '123456789' }, { m: '0.001' }, { day: '2024-02-30' }, { at: '2024-01-01' }]) {
      expect(await codeOf(table.append([row]))).toBe('table.value_mismatch');
    }
  });
});

describe('mergeSchema', () => {
  it('adds columns, nested ones too, in the commit of the rows, and keeps what it does not know', async () => {
    const table = await newTable({ schema, properties: { 'own.key': 'kept' } });
    const { id, createdTime, configuration } = table.metadata;
    const fields = [{ ...schema.fields[0], metadata: { comment: 'the key' } }, ...schema.fields.slice(1)];
    const described: Action = {
      metaData: {
        ...table.metadata,
        name: 'known',
        schemaString: JSON.stringify({ type: 'struct', fields }),
      },
    };
    await table.log.storage.put(commitPath(1), Buffer.from(JSON.stringify(described)));
    await table.append([{ id: 1, place: { street: 'Main', city: 'Ulm' }, ok: true, tags: [{ x: 1 }] }], {
      mergeSchema: true,
    });
    const actions = await commitOf(table);
    expect(actions.filter((a) => a.add)).toHaveLength(1);
    expect(actions.find((a) => a.metaData)?.metaData).toMatchObject({
      ...{ id, createdTime, configuration, name: 'known' },
    });
    expect(names(table)).toEqual(['Id', 'place', 'n', 'ok', 'tags']);
    expect(table.schema.fields[0]).toMatchObject({ metadata: { comment: 'the key' } });
    await table.append({ sql: 'SELECT 2 AS id, 0.5::FLOAT AS score' }, { mergeSchema: true });
    expect(await rowsOf(await reopen(table), 'id = 1')).toEqual([
      {
        ...{ Id: 1, place: { City: 'Ulm', zip: null, street: 'Main' }, n: null },
        ...{ ok: true, tags: [{ x: 1 }], score: null },
      },
    ]);
  });

  it('raises the protocol where a new column needs it', async () => {
    const table = await newTable({ schema });
    await table.append({ sql: "SELECT TIMESTAMP '2024-01-01' AS local" }, { mergeSchema: true });
    expect((await reopen(table)).log.snapshot.protocol).toMatchObject({
      ...{ minReaderVersion: 3, readerFeatures: ['timestampNtz'] },
    });
  });

  it.each([
    ['TIME', "SELECT TIME '12:00' AS x", 'duck.type_unsupported'],
    ['HUGEINT', 'SELECT 1::HUGEINT AS x', 'duck.type_unsupported'],
    ['no type', 'SELECT NULL AS x', 'duck.type_unsupported'],
    ['a name that Delta forbids', 'SELECT 1 AS "a b"', 'delta.bad_schema'],
    ['another type', "SELECT 'x' AS n", 'duck.type_mismatch'],
  ])('refuses %s', async (_what, sql, code) => {
    const table = await newTable({ schema });
    expect(await codeOf(table.append({ sql }, { mergeSchema: true }))).toBe(code);
    expect(await dataFiles(table)).toEqual([]);
  });

  it('lets two writers add columns one after the other', async () => {
    const table = await newTable({ schema });
    const other = await reopen(table);
    await Promise.all([
      table.append([{ id: 1, a: 'x' }], { mergeSchema: true }),
      other.append([{ id: 2, b: 'y' }], { mergeSchema: true }),
    ]);
    const again = await reopen(table);
    expect(names(again).slice(3).sort()).toEqual(['a', 'b']);
    expect((await rowsOf(again)).map(({ Id }) => Id)).toEqual([1, 2]);
    expect(await dataFiles(again)).toHaveLength(2);
  });
});

describe('NOT NULL', () => {
  const strict = struct(
    column('id', 'long', false),
    column('place', struct(column('city', 'string', false)), true),
    column('tags', { ...arrayOf('string'), containsNull: false }),
  );

  it.each([[{ id: null }], [{ id: 1, place: {} }], [{ id: 1, tags: ['a', null] }]])(
    'refuses %j before anything is committed',
    async (row) => {
      const table = await newTable({ schema: strict });
      expect(await codeOf(table.append([{ id: 0 }, row]))).toBe('duck.sql_error');
      expect(table.version).toBe(0);
      expect(await dataFiles(table)).toEqual([]);
    },
  );

  it('takes rows without such nulls, and keeps them so through updates', async () => {
    const table = await newTable({ schema: strict });
    await table.append([{ id: 1, place: { city: 'Ulm' }, tags: ['a'] }, { id: 2 }]);
    expect(await codeOf(table.update({ set: { id: 'nullif(id, 2)' } }))).toBe('duck.sql_error');
    await table.dropNotNull('ID');
    expect(await codeOf(table.dropNotNull('nosuch'))).toBe('delta.schema_mismatch');
    await table.update({ set: { id: 'nullif(id, 2)' } });
    expect((await rowsOf(table)).map(({ id }) => id)).toEqual([1, null]);
  });
});

describe('properties and columns', () => {
  it('are set and unset, and nothing is committed when nothing changes', async () => {
    const table = await newTable({ schema, properties: { 'own.key': 'kept' } });
    expect(await table.setProperties({ 'delta.appendOnly': 'true' })).toBe(1);
    expect(await table.setProperties({ 'delta.appendOnly': 'true' })).toBe(1);
    expect((await commitOf(table))[0]?.commitInfo).toMatchObject({
      operation: 'SET TBLPROPERTIES',
      operationParameters: { properties: '{"delta.appendOnly":"true"}' },
    });
    expect(await table.unsetProperties('delta.appendOnly', 'nosuch')).toBe(2);
    expect((await reopen(table)).properties).toEqual({ 'own.key': 'kept' });
  });

  it('raise the protocol for what is known, and refuse by name what is not', async () => {
    const table = await newTable({ schema });
    await table.setProperties({ 'delta.enableInCommitTimestamps': 'true' });
    expect(table.log.snapshot.protocol.writerFeatures).toEqual([
      'appendOnly',
      'invariants',
      'inCommitTimestamp',
    ]);
    expect(table.properties).toMatchObject({ 'delta.inCommitTimestampEnablementVersion': '1' });
    expect((await commitOf(table))[0]?.commitInfo?.inCommitTimestamp).toBeGreaterThan(0);
    const refused = table.setProperties({ 'delta.enableRowTracking': 'true' });
    await expect(refused).rejects.toMatchObject({ context: { feature: 'rowTracking' } });
    expect(await codeOf(table.setProperties({ 'delta.checkpointInterval': 'often' }))).toBe(
      'delta.bad_property',
    );
    expect(table.version).toBe(1);
  });

  it('columns are added as nullable', async () => {
    const table = await newTable({ schema });
    await table.append([{ id: 1 }]);
    await table.addColumns(column('more', arrayOf('string')));
    expect(await rowsOf(await reopen(table))).toEqual([{ Id: 1, place: null, n: null, more: null }]);
    expect(await codeOf(table.addColumns(column('MORE', 'long')))).toBe('delta.column_exists');
    expect(await codeOf(table.addColumns(column('must', 'long', false)))).toBe('delta.not_null');
    expect(await codeOf(table.addColumns(column('a b', 'long')))).toBe('delta.bad_schema');
  });

  it('have a say in which columns have statistics', async () => {
    const table = await newTable({ schema, properties: { 'delta.dataSkippingNumIndexedCols': '1' } });
    await table.append([{ id: 1, n: 2 }]);
    await table.setProperties({ 'delta.dataSkippingStatsColumns': 'n' });
    await table.append([{ id: 3, n: 4 }]);
    const stats = table.log.snapshot.files
      .map((file) => Object.keys(JSON.parse(file.stats!).minValues))
      .sort();
    expect(stats).toEqual([['Id'], ['n']]);
  });
});

describe('an append with a txn', () => {
  it('happens once, also when two try it at the same time', async () => {
    const table = await newTable({ schema });
    const other = await reopen(table);
    const txn = { appId: 'loader', version: 3 };
    const results = await Promise.all([table, other].map((t) => t.append([{ id: 1 }], { txn })));
    expect(results.map(({ skipped }) => skipped).sort()).toEqual([false, true]);
    expect(await table.append([{ id: 1 }], { txn: { appId: 'loader', version: 2 } })).toMatchObject({
      skipped: true,
    });
    expect(await rowsOf(await reopen(table))).toHaveLength(1);
    expect(await dataFiles(table)).toHaveLength(1);
  });
});
