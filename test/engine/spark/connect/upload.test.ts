import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { fromBinary } from '@bufbuild/protobuf';
import { afterEach, describe, expect, it } from 'vitest';
import { readRows } from '../../../../src/engine/spark/connect/arrow-rows.js';
import { LocalRelationSchema } from '../../../../src/engine/spark/connect/gen/spark/connect/relations_pb.js';
import type { SparkField } from '../../../../src/engine/spark/connect/index.js';
import { type FakeSpark, startFakeSpark } from './fake-spark.js';

let fake: FakeSpark;
afterEach(() => fake.close());

const columns: SparkField[] = [{ name: 'text', type: 'string', nullable: true }];
const large = Array.from({ length: 3000 }, (_, i) => ({ text: `${i} `.repeat(200) }));

/** The bytes of the artifact that was sent, every piece checked against its own checksum. */
function received(): { names: string[]; bytes: Uint8Array } {
  const names: string[] = [];
  const parts: Uint8Array[] = [];
  const take = (chunk: { data: Uint8Array; crc: bigint } | undefined, name?: string) => {
    if (name !== undefined) names.push(name);
    expect(chunk!.crc).toBe(BigInt(crc32(chunk!.data)));
    parts.push(chunk!.data);
  };
  for (const { payload } of fake.artifacts) {
    if (payload.case === 'batch') for (const a of payload.value.artifacts) take(a.data, a.name);
    if (payload.case === 'beginChunk') take(payload.value.initialChunk, payload.value.name);
    if (payload.case === 'chunk') take(payload.value);
  }
  return { names, bytes: Buffer.concat(parts) };
}

describe('rows from here', () => {
  it('travel in the request when they are few, with their schema', async () => {
    fake = await startFakeSpark();
    const { session } = await fake.connect();
    const { relType } = await session.local(columns, [{ text: 'a' }, {}]);
    if (relType?.case !== 'localRelation') return expect.fail('no local relation');
    expect(readRows(relType.value.data!)).toEqual([{ text: 'a' }, { text: null }]);
    expect(JSON.parse(relType.value.schema!)).toEqual({
      type: 'struct',
      fields: [{ name: 'text', type: 'string', nullable: true, metadata: {} }],
    });
    expect(fake.artifacts).toEqual([]);
  });

  it('are uploaded in pieces when they are many, under the hash of what they are', async () => {
    fake = await startFakeSpark();
    const { session } = await fake.connect();
    const { relType } = await session.local(columns, large);
    const { names, bytes } = received();
    const hash = createHash('sha256').update(bytes).digest('hex');
    expect(names).toEqual([`cache/${hash}`]);
    expect(relType).toMatchObject({ case: 'cachedLocalRelation', value: { hash } });
    expect(readRows(fromBinary(LocalRelationSchema, bytes).data!)).toEqual(large);
    const [begin] = fake.artifacts;
    expect(begin!.payload).toMatchObject({
      case: 'beginChunk',
      value: { totalBytes: BigInt(bytes.length), numChunks: BigInt(fake.artifacts.length) },
    });
    expect(fake.artifacts.length).toBeGreaterThan(1);
    expect(new Set(fake.artifacts.map((a) => a.sessionId))).toEqual(new Set([session.sessionId]));
  });

  it('are not uploaded when the server has them', async () => {
    fake = await startFakeSpark([], {
      artifactStatus: ({ names }) => ({ statuses: { [names[0]!]: { exists: true } } }),
    });
    const { session } = await fake.connect();
    expect((await session.local(columns, large)).relType?.case).toBe('cachedLocalRelation');
    expect(fake.artifacts).toEqual([]);
  });
});

describe('an artifact', () => {
  it('is sent with its checksum, also an empty one', async () => {
    fake = await startFakeSpark();
    const { session } = await fake.connect();
    await session.addArtifact('files/empty', new Uint8Array());
    expect(received()).toEqual({ names: ['files/empty'], bytes: Buffer.alloc(0) });
  });

  it('that the server received damaged is an error', async () => {
    fake = await startFakeSpark([], {
      addArtifacts: async (requests) => {
        for await (const _ of requests);
        return { artifacts: [{ name: 'files/x', isCrcSuccessful: false }] };
      },
    });
    const { session } = await fake.connect();
    await expect(session.addArtifact('files/x', new Uint8Array(3))).rejects.toMatchObject({
      code: 'spark.artifact_damaged',
      context: { name: 'files/x', bytes: 3 },
    });
  });
});
