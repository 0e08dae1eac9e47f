/** Tables that Spark makes: we read every row, write where we may and refuse by name where not, and Spark reads what we wrote. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Readers } from './readers.js';
import { sparkTables } from './spark-tables.js';

let readers: Readers;
beforeAll(async () => {
  readers = await Readers.open();
});
afterAll(() => readers.close());

describe.each(sparkTables)('$name', ({ name, made, refuses = {} }) => {
  beforeAll(async () => {
    for (const statement of made) await readers.sql(statement);
  });

  if ('read' in refuses) {
    it(`is refused, naming ${refuses.read}`, async () => {
      await expect(readers.open(name)).rejects.toMatchObject({
        code: 'delta.unsupported_feature',
        context: { feature: refuses.read },
      });
    });
    return;
  }

  it('has the rows that Spark reads', async () => {
    await readers.expectSame(await readers.ours(name), await readers.sparks(name));
  });
});
