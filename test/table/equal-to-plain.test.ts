import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isMurmurError } from '../../src/table/index.js';
import { collect } from './collect.js';
import { applyTo, condition, PlainTable, type Step, schema, step } from './plain-table.js';
import { dataFiles, duck, newTable, reopen, rowsOf, sorted, useTables } from './tables.js';

useTables();

const partitions = fc.constantFrom<string[]>([], ['k'], ['day', 'k']);

describe('a Delta table and a plain one', () => {
  it('hold the same rows after the same statements, and find the same rows', async () => {
    const session = await duck().connect();
    const steps = fc.array(step, { minLength: 1, maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(partitions, steps, condition, async (partitionColumns, statements, where) => {
        const plain = await PlainTable.create(session);
        const table = await newTable({ schema, partitionColumns });
        for (const statement of statements) {
          await applyTo(table, statement);
          await plain.apply(statement);
          const expected = await plain.rows();
          // The empty partition value and null are one.
          expect(await rowsOf(table)).toEqual(expected);
        }
        expect(sorted(await collect(table.rows({ where })))).toEqual(await plain.rows(where));
      }),
      { numRuns: 12 },
    );
    await session.close();
  }, 60_000);

  it('hold the same rows when writers race: the versions are a serial order', async () => {
    const session = await duck().connect();
    const work = fc.array(step, { minLength: 1, maxLength: 3 });
    await fc.assert(
      fc.asyncProperty(partitions, fc.tuple(work, work, work), async (partitionColumns, workers) => {
        const table = await newTable({ schema, partitionColumns });
        const done: { version: number; statement: Step }[] = [];
        await Promise.all(
          workers.map(async (statements) => {
            const mine = await reopen(table);
            for (const statement of statements) {
              const before = mine.version;
              const version = await applyTo(mine, statement).catch((e: unknown) => {
                if (isMurmurError(e, 'delta.conflict')) return before;
                throw e;
              });
              done.push({ version, statement });
            }
          }),
        );
        const plain = await PlainTable.create(session);
        const final = await reopen(table);
        // One that found nothing to do stands behind the version that it saw; it changed nothing there.
        for (let version = 1; version <= final.version; version++) {
          for (const { statement } of done.filter((d) => d.version === version)) await plain.apply(statement);
        }
        expect(await rowsOf(final)).toEqual(await plain.rows());
        const live = final.log.snapshot.state.tombstones.size + final.log.snapshot.fileCount;
        expect(await dataFiles(final)).toHaveLength(live);
      }),
      { numRuns: 6 },
    );
    await session.close();
  }, 60_000);
});
