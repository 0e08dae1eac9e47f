/** A model bundle as one file that a session sends to its workers (`files/NAME`): a tar archive (POSIX ustar). */
import { readdir, readFile } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { MurmurError } from '../../../base/errors.js';

export interface BundleArtifact {
  /** Holds the bundle's digest: a session takes a name once, with one content. */
  name: string;
  data: Uint8Array;
}

/**
 * The files of a bundle's folder; hidden ones and what Python compiled stay behind. Equal bundles give equal bytes.
 * @throws spark.bundle_unsendable (user) for a path that the format cannot hold
 */
export async function bundleArtifact(folder: string, digest: string): Promise<BundleArtifact> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).split(sep).join('/'))
    .filter((path) => !path.split('/').some((part) => part.startsWith('.') || part === '__pycache__'))
    .sort();
  const parts: Buffer[] = [];
  for (const path of files) {
    const content = await readFile(join(folder, path));
    parts.push(
      header(path, content.length),
      content,
      Buffer.alloc((block - (content.length % block)) % block),
    );
  }
  return {
    name: `murmur-bundle-${digest.slice(0, 16)}.tar`,
    data: Buffer.concat([...parts, Buffer.alloc(2 * block)]),
  };
}

const block = 512;

function header(path: string, size: number): Buffer {
  const bytes = Buffer.alloc(block);
  if (Buffer.byteLength(path) > 100 || size >= 8 ** 11) {
    throw new MurmurError(
      'spark.bundle_unsendable',
      `sending the model bundle to Spark: too long a path or file, ${path}`,
      {
        fault: 'user',
        fix: 'put the bundle into a folder that all workers see, and name it with model:',
      },
    );
  }
  bytes.write(path, 0);
  bytes.write('0000644\0', 100);
  bytes.write(`${size.toString(8).padStart(11, '0')}\0`, 124);
  bytes.write('00000000000\0', 136);
  // The sum counts its own field as blanks.
  bytes.write('        ', 148);
  bytes.write('0', 156);
  bytes.write('ustar\0' + '00', 257);
  const sum = bytes.reduce((total, byte) => total + byte, 0);
  bytes.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return bytes;
}
