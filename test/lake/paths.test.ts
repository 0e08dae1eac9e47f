import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { findLake, lakePaths } from '../../src/lake/paths.js';

const dir = realpathSync(mkdtempSync(join(tmpdir(), 'murmur-paths-')));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

it('a lake is found from any folder inside it, and only from there', () => {
  const lake = join(dir, 'lake');
  mkdirSync(join(lake, 'landing', 'deep'), { recursive: true });
  writeFileSync(join(lake, 'murmur.yaml'), '');
  expect(findLake(lake)).toBe(lake);
  expect(findLake(join(lake, 'landing', 'deep'))).toBe(lake);
  expect(findLake(dir)).toBeUndefined();
});

it('folders are the lake’s own unless murmur.yaml says otherwise', () => {
  expect(lakePaths(dir)).toMatchObject({
    landing: join(dir, 'landing'),
    tables: join(dir, 'tables'),
    checkpoints: join(dir, 'checkpoints'),
    socket: join(dir, 'run', 'control.sock'),
  });
  expect(lakePaths(dir, { landing: '/data/in', tables: '../big/tables/' })).toMatchObject({
    landing: '/data/in',
    tables: join(dir, '..', 'big', 'tables'),
    checkpoints: join(dir, '..', 'big', 'checkpoints'),
  });
});

it('two lakes with tables in one folder do not share checkpoints', () => {
  const checkpoints = ['/mnt/a', '/mnt/b'].map((tables) => lakePaths(dir, { tables }).checkpoints);
  expect(checkpoints).toEqual(['/mnt/a-checkpoints', '/mnt/b-checkpoints']);
});

it('one lake has one socket, by whatever name and however deep it lies', () => {
  const deep = join(dir, 'x'.repeat(60), 'y'.repeat(60));
  mkdirSync(deep, { recursive: true });
  symlinkSync(deep, join(dir, 'short'));
  const { socket } = lakePaths(deep);
  expect(Buffer.byteLength(socket)).toBeLessThan(90);
  expect(lakePaths(join(dir, 'short')).socket).toBe(socket);
  expect(lakePaths(join(dir, 'x'.repeat(60))).socket).not.toBe(socket);
});
