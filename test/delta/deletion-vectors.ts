/** Writes deletion vectors as other engines do (PROTOCOL.md, "Deletion Vector Format"; RoaringFormatSpec), for tests of reading. */
import { randomUUID } from 'node:crypto';
import { crc32 } from 'node:zlib';
import type { DeletionVector } from '../../src/delta/actions.js';
import type { Storage } from '../../src/storage/storage.js';

/** How a container is written; a run container needs the cookie of bitmaps with runs. */
export type ContainerForm = 'array' | 'bitmap' | 'run';

/** The portable 64-bit bitmap. `form` chooses for each container, by its index; arrays end at 4,096 values. */
export function roaring(rows: readonly number[], form: (container: number) => ContainerForm): Buffer {
  const buckets = grouped(rows, 2 ** 32);
  const parts = [longLE(buckets.size)];
  for (const [high, low] of buckets) parts.push(int32LE(high), bucket(low, form));
  return Buffer.concat(parts);
}

/** Magic and bitmap: what an inline vector holds and a file frames. */
export function payload(rows: readonly number[], form: (container: number) => ContainerForm = fitting(rows)) {
  return Buffer.concat([int32LE(1681511377), roaring(rows, form)]);
}

export function inlineVector(rows: readonly number[], bytes = payload(rows)): DeletionVector {
  return {
    ...{ storageType: 'i', pathOrInlineDv: encodeZ85(bytes) },
    ...{ sizeInBytes: bytes.length, cardinality: rows.length },
  };
}

/** Puts vectors one behind the other into a file and names them relative to the table's root. */
export async function storedVectors(
  storage: Storage,
  rowsOfEach: readonly (readonly number[])[],
  prefix = '',
): Promise<DeletionVector[]> {
  const uuid = randomUUID();
  const file: Buffer[] = [Buffer.of(1)];
  let offset = 1;
  const vectors = rowsOfEach.map((rows): DeletionVector => {
    const bytes = payload(rows);
    const frame = Buffer.concat([int32BE(bytes.length), bytes, int32BE(crc32(bytes))]);
    file.push(frame);
    offset += frame.length;
    return {
      ...{
        storageType: 'u',
        pathOrInlineDv: prefix + encodeZ85(Buffer.from(uuid.replaceAll('-', ''), 'hex')),
      },
      ...{ offset: offset - frame.length, sizeInBytes: bytes.length, cardinality: rows.length },
    };
  });
  await storage.put(`${prefix === '' ? '' : `${prefix}/`}deletion_vector_${uuid}.bin`, Buffer.concat(file));
  return vectors;
}

function fitting(rows: readonly number[]): (container: number) => ContainerForm {
  const sizes = [...grouped(rows, 2 ** 16).values()].map((values) => values.length);
  return (container) => (sizes[container]! > 4096 ? 'bitmap' : 'array');
}

function bucket(values: readonly number[], form: (container: number) => ContainerForm): Buffer {
  const containers = [...grouped(values, 2 ** 16)];
  const forms = containers.map((_, i) => form(i));
  const withRuns = forms.includes('run');
  const bodies = containers.map(([, low], i) => body(low, forms[i]!));
  const keys = containers.map(([key, low]) => Buffer.concat([int16(key), int16(low.length - 1)]));
  let header: Buffer;
  if (withRuns) {
    const flags = Buffer.alloc(Math.ceil(containers.length / 8));
    forms.forEach((each, i) => {
      if (each === 'run') flags[i >> 3]! |= 1 << (i & 7);
    });
    header = Buffer.concat([int32LE((12347 | ((containers.length - 1) << 16)) >>> 0), flags]);
  } else header = Buffer.concat([int32LE(12346), int32LE(containers.length)]);
  const described = Buffer.concat([header, ...keys]);
  if (withRuns && containers.length < 4) return Buffer.concat([described, ...bodies]);
  let at = described.length + containers.length * 4;
  const offsets = bodies.map(({ length }) => {
    at += length;
    return int32LE(at - length);
  });
  return Buffer.concat([described, ...offsets, ...bodies]);
}

function body(values: readonly number[], form: ContainerForm): Buffer {
  if (form === 'array') return Buffer.concat(values.map(int16));
  if (form === 'bitmap') {
    const bits = Buffer.alloc(8192);
    for (const value of values) bits[value >> 3]! |= 1 << (value & 7);
    return bits;
  }
  const runs: [number, number][] = [];
  for (const value of values) {
    const last = runs.at(-1);
    if (last !== undefined && value === last[0] + last[1] + 1) last[1]++;
    else runs.push([value, 0]);
  }
  return Buffer.concat([int16(runs.length), ...runs.flatMap(([first, more]) => [int16(first), int16(more)])]);
}

function grouped(values: readonly number[], size: number): Map<number, number[]> {
  const groups = new Map<number, number[]>();
  for (const value of values) {
    const key = Math.floor(value / size);
    const group = groups.get(key);
    if (group) group.push(value % size);
    else groups.set(key, [value % size]);
  }
  return groups;
}

const alphabet = '0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#';

/** Filled up with zeros to whole groups of four. */
export function encodeZ85(bytes: Buffer): string {
  const whole = Buffer.concat([bytes, Buffer.alloc((4 - (bytes.length % 4)) % 4)]);
  let text = '';
  for (let i = 0; i < whole.length; i += 4) {
    const value = whole.readUInt32BE(i);
    for (let power = 85 ** 4; power >= 1; power /= 85) text += alphabet[Math.floor(value / power) % 85];
  }
  return text;
}

function int16(value: number): Buffer {
  return Buffer.from(Uint16Array.of(value).buffer);
}
function int32LE(value: number): Buffer {
  return Buffer.from(Uint32Array.of(value).buffer);
}
function int32BE(value: number): Buffer {
  return int32LE(value).reverse();
}
function longLE(value: number): Buffer {
  return Buffer.from(BigUint64Array.of(BigInt(value)).buffer);
}
