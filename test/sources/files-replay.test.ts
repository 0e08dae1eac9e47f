/**
 * Whatever the limits, however files grow, wherever the process dies: every record comes once, in order, at its place, and
 * a planned input read again by another process gives the same records.
 */
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Clock } from '../../src/base/clock.js';
import { type FileSource, openFileSource } from '../../src/sources/files/file-source.js';
import { sourceOptions } from '../../src/sources/options.js';
import type { BatchLimits, PlannedInput, RawRecord } from '../../src/sources/source.js';
import { MemoryStorage } from '../../src/storage/memory.js';

const maxLine = 200;

class ManualClock implements Clock {
  at = 1_700_000_000_000;
  now = () => this.at;
  sleep = async (ms: number) => {
    this.at += ms;
  };
}

/** What a record is, without what only a person reads. */
function essence(record: RawRecord): unknown {
  const { source_file, position } = record;
  if ('fault' in record) return { source_file, position, rule: record.fault.rule };
  return { source_file, position, fields: 'fields' in record ? record.fields : null };
}

/** A line that was unfinished when the file stood still for a while; it comes again when it is finished. */
const isCutLine = (record: RawRecord) =>
  'fault' in record && record.fault.reason.startsWith('the last line is cut');

/** NDJSON as it is understood, written down as plainly as can be. */
function understood(path: string, text: string): unknown[] {
  const found: unknown[] = [];
  for (const [i, line] of text.split('\n').entries()) {
    if (line.trim() === '') continue;
    const place = { source_file: path, position: i + 1 };
    if (Buffer.byteLength(line) > maxLine) found.push({ ...place, rule: 'line_too_long' });
    else
      try {
        const fields: unknown = JSON.parse(line);
        if (typeof fields !== 'object' || Array.isArray(fields) || fields === null) throw new Error();
        found.push({ ...place, fields });
      } catch {
        found.push({ ...place, rule: 'bad_line' });
      }
  }
  return found;
}

const word = fc.constantFrom('a', 'ü', '🎉', '"', '\\', ' ', '@x', '{', '}', ',', '\r', 'x'.repeat(90));
const text = fc.array(word, { maxLength: 6 }).map((parts) => parts.join(''));
const record = fc.record({ text, n: fc.integer() });
const line = fc.oneof(
  { weight: 6, arbitrary: record.map((value) => JSON.stringify(value)) },
  fc.constantFrom('', '  ', '{"cut":', '[1]', '7', '{"text":"ok"} ', '}'),
);
const ndjson = fc.array(line, { maxLength: 30 }).map((all) => all.map((each) => `${each}\n`).join(''));
const limits: fc.Arbitrary<BatchLimits> = fc.record({
  posts: fc.integer({ min: 1, max: 12 }),
  bytes: fc.integer({ min: 1, max: 2_000 }),
  files: fc.integer({ min: 1, max: 3 }),
});

type Step =
  | { do: 'grow'; file: number; bytes: number }
  | { do: 'batch'; limits: BatchLimits; die: 'no' | 'before the log' | 'behind the log' }
  | { do: 'settle' };
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    do: fc.constant('grow' as const),
    file: fc.nat(2),
    bytes: fc.integer({ min: 1, max: 400 }),
  }),
  fc.record({
    do: fc.constant('batch' as const),
    limits,
    die: fc.constantFrom('no' as const, 'before the log' as const, 'behind the log' as const),
  }),
  fc.constant({ do: 'settle' as const }),
);

/** A lake's landing place and log in memory, with a process that may die. */
class World {
  readonly clock = new ManualClock();
  readonly landing = new MemoryStorage(this.clock);
  readonly state = new MemoryStorage(this.clock);
  readonly log: string[] = [];
  readonly records: RawRecord[] = [];
  source!: FileSource;

  async start(): Promise<FileSource> {
    const options = { ...sourceOptions.parse({}), max_line: maxLine };
    this.source = await openFileSource({
      storage: this.landing,
      state: this.state,
      clock: this.clock,
      options,
    });
    await this.source.restore(this.log.map((input, batchId) => ({ batchId, input: JSON.parse(input) })));
    return this.source;
  }

  async batch(limits: BatchLimits, die: 'no' | 'before the log' | 'behind the log' = 'no'): Promise<boolean> {
    const input = await this.source.plan(limits);
    if (input === undefined) return false;
    expect(input.inputs.length).toBeLessThanOrEqual(limits.files);
    expect(input.records).toBeLessThanOrEqual(limits.posts);
    if (die === 'before the log') {
      await this.start();
      return true;
    }
    this.log.push(JSON.stringify(input));
    if (die === 'behind the log') await this.start();
    else await this.source.planned(this.log.length - 1, input);
    const records = await this.read(JSON.parse(this.log.at(-1)!));
    expect(records.length).toBeLessThanOrEqual(input.records);
    this.records.push(...records);
    return true;
  }

  async read(input: PlannedInput): Promise<RawRecord[]> {
    const records: RawRecord[] = [];
    for await (const chunk of this.source.read(input)) records.push(...chunk);
    return records;
  }

  async drain(limits: BatchLimits): Promise<void> {
    this.clock.at += 2_000;
    while (await this.batch(limits));
  }

  of(path: string): unknown[] {
    return this.records.filter((r) => r.source_file === path).map(essence);
  }

  /** Every batch of the log once more, by a process that knows nothing of the first reading. */
  async replay(): Promise<RawRecord[]> {
    await this.start();
    const records: RawRecord[] = [];
    for (const input of this.log) records.push(...(await this.read(JSON.parse(input))));
    return records;
  }
}

describe('replay', () => {
  it('of growing NDJSON files, cut anywhere', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(ndjson, { minLength: 3, maxLength: 3 }),
        fc.array(step, { maxLength: 25 }),
        limits,
        async (texts, steps, lastLimits) => {
          const world = new World();
          await world.start();
          const written = texts.map(() => 0);
          const grow = async (file: number, bytes: number) => {
            const all = Buffer.from(texts[file]!);
            written[file] = Math.min(all.length, written[file]! + bytes);
            if (written[file] > 0) await world.landing.put(`${file}.ndjson`, all.subarray(0, written[file]));
            world.clock.at++;
          };
          for (const each of steps)
            if (each.do === 'grow') await grow(each.file, each.bytes);
            else if (each.do === 'settle') world.clock.at += 2_000;
            else await world.batch(each.limits, each.die);
          for (const file of texts.keys()) await grow(file, Number.POSITIVE_INFINITY);
          await world.drain(lastLimits);
          for (const [file, each] of texts.entries())
            expect(
              world.records
                .filter((found) => found.source_file === `${file}.ndjson` && !isCutLine(found))
                .map(essence),
            ).toEqual(understood(`${file}.ndjson`, each));
          expect(await world.replay()).toEqual(world.records);
          expect(world.source.state().changedFiles).toEqual([]);
        },
      ),
      { numRuns: 150 },
    );
  });

  it('of every other form, in batches of any size', async () => {
    const quote = (value: string) => `"${value.replaceAll('"', '""')}"`;
    const forms: Record<string, (posts: { text: string; n: number }[]) => string> = {
      'a.json': (posts) => JSON.stringify(posts),
      'b.json': (posts) => JSON.stringify(posts, null, 2),
      'c.json': (posts) => posts.map((post) => JSON.stringify(post, null, 1)).join('\n'),
      'd.csv': (posts) => `text,n\n${posts.map((p) => `${quote(p.text)},${p.n}`).join('\r\n')}`,
      'e.ndjson': (posts) => posts.map((post) => JSON.stringify(post)).join('\n'),
    };
    await fc.assert(
      fc.asyncProperty(fc.array(record, { minLength: 1, maxLength: 20 }), limits, async (posts, batch) => {
        const world = new World();
        for (const [name, write] of Object.entries(forms)) {
          await world.landing.put(name, Buffer.from(write(posts)));
          await world.landing.put(`${name}.gz`, gzipSync(write(posts)));
        }
        await world.start();
        await world.drain(batch);
        for (const name of Object.keys(forms)) {
          // A CSV field is text, and an empty one is null; records longer than the limit differ from form to form.
          const wanted = posts.map((post) =>
            name === 'd.csv' ? { text: post.text || null, n: String(post.n) } : post,
          );
          for (const path of [name, `${name}.gz`]) {
            const found = world.of(path) as { fields?: unknown; position: number }[];
            expect(found.map(({ position }) => position)).toEqual(posts.map((_, i) => i + 1));
            for (const [i, { fields }] of found.entries()) if (fields) expect(fields).toEqual(wanted[i]);
            expect(found.map(({ fields }) => fields === undefined)).toEqual(
              world.of(name).map((each) => (each as { fields?: unknown }).fields === undefined),
            );
          }
        }
        expect(await world.replay()).toEqual(world.records);
      }),
      { numRuns: 25 },
    );
  });
});
