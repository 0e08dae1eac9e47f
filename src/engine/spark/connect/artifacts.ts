/** Files for the session on the server: data too large for a request, files for its workers. Every piece carries its checksum. */
import { crc32 } from 'node:zlib';
import type { MessageInitShape } from '@bufbuild/protobuf';
import { MurmurError } from '../../../base/errors.js';
import type { AddArtifactsRequestSchema } from './gen/spark/connect/base_pb.js';
import type { RequestBase, Wire } from './wire.js';

const chunkBytes = 1 << 20;

/**
 * @param name with its prefix: `cache/<sha256>`, `files/model.onnx`, `archives/env.tgz#env`. (`pyfiles/` do not reach streaming queries.)
 * @throws spark.artifact_damaged (external), spark.*
 */
export async function addArtifact(
  wire: Wire,
  name: string,
  data: Uint8Array,
  signal?: AbortSignal,
): Promise<void> {
  const doing = `uploading ${name}`;
  const { artifacts } = await wire.ask(
    doing,
    (client, base, options) => client.addArtifacts(requests(base, name, data), options),
    { signal },
  );
  if (artifacts.length === 0 || artifacts.some((a) => !a.isCrcSuccessful)) {
    throw new MurmurError(
      'spark.artifact_damaged',
      `${doing}: the server received other bytes than were sent`,
      {
        fault: 'external',
        retry: 'backoff',
        fix: 'try again: the upload was damaged on its way',
        context: { name, bytes: data.length },
      },
    );
  }
}

/** The server knows only names under `cache/`. @throws spark.* */
export async function hasArtifact(wire: Wire, name: string, signal?: AbortSignal): Promise<boolean> {
  const { statuses } = await wire.ask(
    `looking for ${name}`,
    (client, base, options) => client.artifactStatus({ ...base, names: [name] }, options),
    { signal },
  );
  return statuses[name]?.exists === true;
}

type Request = MessageInitShape<typeof AddArtifactsRequestSchema>;

async function* requests(base: RequestBase, name: string, data: Uint8Array): AsyncGenerator<Request> {
  const count = Math.max(1, Math.ceil(data.length / chunkBytes));
  const chunk = (i: number) => {
    const part = data.subarray(i * chunkBytes, (i + 1) * chunkBytes);
    return { data: part, crc: BigInt(crc32(part)) };
  };
  if (count === 1) {
    yield { ...base, payload: { case: 'batch', value: { artifacts: [{ name, data: chunk(0) }] } } };
    return;
  }
  const begin = { name, totalBytes: BigInt(data.length), numChunks: BigInt(count), initialChunk: chunk(0) };
  yield { ...base, payload: { case: 'beginChunk', value: begin } };
  for (let i = 1; i < count; i++) yield { ...base, payload: { case: 'chunk', value: chunk(i) } };
}
