/** The walls of the house: ARCHITECTURE.md's room table, held against the imports of src/. */
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { findFaults, readRooms } from './rooms.js';

const root = new URL('..', import.meta.url).pathname;
const rooms = readRooms(readFileSync(join(root, 'ARCHITECTURE.md'), 'utf8'));

describe('rooms', () => {
  it('hold: no forbidden import, no cycle of folders or files', () => {
    expect(findFaults(join(root, 'src'), rooms)).toEqual([]);
  });

  it('know every folder of src/', () => {
    expect(rooms.size).toBeGreaterThan(10);
  });
});

describe('a planted fault is found', () => {
  let copy: string;
  afterEach(() => rmSync(copy, { recursive: true, force: true }));

  function plant(file: string, line: string): string[] {
    copy = mkdtempSync(join(tmpdir(), 'murmur-rooms-'));
    cpSync(join(root, 'src'), copy, { recursive: true });
    const path = join(copy, file);
    writeFileSync(path, `${line}\n${readFileSync(path, 'utf8')}`);
    return findFaults(copy, rooms);
  }

  it('a forbidden import', () => {
    const faults = plant('posts/tables.ts', "import type { Plan } from '../engine/plan.js';");
    expect(faults).toContain('posts/tables.ts imports engine/plan.ts: posts may not import engine');
  });

  it('a type import counts, and so does a dynamic one', () => {
    expect(
      plant('base/clock.ts', "type P = import('../schema/column-types.js').StructType;").join(),
    ).toContain('base may not import schema');
  });

  it('a cycle of folders', () => {
    const faults = plant('schema/column-types.ts', "import type { Storage } from '../storage/storage.js';");
    writeFileSync(
      join(copy, 'storage/storage.ts'),
      `import type { StructType } from '../schema/column-types.js';\n${readFileSync(join(copy, 'storage/storage.ts'), 'utf8')}`,
    );
    expect(faults.length).toBeGreaterThan(0);
    expect(findFaults(copy, rooms).join('\n')).toContain('folder cycle: ');
  });

  it('a cycle of files', () => {
    const faults = plant('base/errors.ts', "import type { Clock } from './clock.js';");
    expect(faults).toEqual([]);
    writeFileSync(
      join(copy, 'base/clock.ts'),
      `import type { Fault } from './errors.js';\n${readFileSync(join(copy, 'base/clock.ts'), 'utf8')}`,
    );
    expect(findFaults(copy, rooms)).toEqual(['file cycle: base/clock.ts → base/errors.ts → base/clock.ts']);
  });

  it('a folder without a row', () => {
    const faults = plant('base/clock.ts', '');
    expect(faults).toEqual([]);
    cpSync(join(copy, 'base'), join(copy, 'basement'), { recursive: true });
    expect(findFaults(copy, rooms).join()).toContain('basement has no row');
  });
});
