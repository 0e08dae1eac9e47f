/**
 * One holder of a name, of all processes of a machine: whoever listens on the name's socket holds it, and a socket that refuses
 * connections is left over from a process that died. A socket file cannot be replaced atomically, so names are generations:
 * the holder is the highest `NAME.N`; who finds it dead may try to become N+1, which exactly one contender can (the name is linked to
 * a socket that already listens). The highest name is never removed, not even at a clean end, so that a slow contender
 * cannot be given a number that others have passed. Nothing here depends on process ids, which containers do not share.
 *
 * On Windows a named pipe is exclusive and vanishes with its process: binding it is the whole claim.
 */
import { createHash, randomBytes } from 'node:crypto';
import { chmodSync, linkSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';

export type Claim = { outcome: 'claimed'; listener: Listener } | { outcome: 'held'; by: Socket };

/** A server and the connections that it has accepted. */
export class Listener {
  readonly sockets = new Set<Socket>();
  readonly server: Server = createServer((socket) => {
    this.sockets.add(socket);
    socket.on('close', () => this.sockets.delete(socket));
    socket.on('error', () => socket.destroy());
  });

  /** @throws EADDRINUSE and its like */
  listen(path: string): Promise<void> {
    return new Promise((resolve, reject) => {
      this.server.once('error', reject);
      this.server.listen(path, () => {
        this.server.off('error', reject);
        resolve();
      });
    });
  }

  async drop(): Promise<void> {
    const closed = new Promise((resolve) => this.server.close(resolve));
    for (const socket of this.sockets) socket.destroy();
    await closed;
  }
}

/**
 * Becomes the holder, or gives a connection to who it is. Of any number of contenders, in any number of processes,
 * exactly one claims.
 */
export async function claim(base: string): Promise<Claim> {
  if (isPipe(base)) return claimPipe(base);
  mkdirSync(dirname(base), { recursive: true, mode: 0o700 });
  for (;;) {
    const holder = await connectHolder(base);
    if (holder.socket !== undefined) return { outcome: 'held', by: holder.socket };
    const mine = holder.generation + 1;
    const listener = new Listener();
    if ((await listenAs(listener, base, mine)) && isHighest(base, mine)) {
      await removeDead(base, mine);
      return { outcome: 'claimed', listener };
    }
    await listener.drop();
  }
}

/** A connection to the holder, or undefined when nobody holds the lake. */
export async function connectHolderOf(base: string): Promise<Socket | undefined> {
  return isPipe(base) ? connectTo(base) : (await connectHolder(base)).socket;
}

/** Whether sockets of dead holders lie about while nobody holds the lake: the sign of a run that was killed or has ended. */
export async function isAbandoned(base: string): Promise<boolean> {
  if (isPipe(base) || generations(base).length === 0) return false;
  const { socket } = await connectHolder(base);
  socket?.destroy();
  return socket === undefined;
}

/** The highest generation, and a connection to it if it lives. */
async function connectHolder(base: string): Promise<{ generation: number; socket: Socket | undefined }> {
  for (;;) {
    const generation = generations(base)[0];
    if (generation === undefined) return { generation: 0, socket: undefined };
    const socket = await connectTo(`${base}.${generation}`);
    if (socket !== undefined || generations(base)[0] === generation) return { generation, socket };
  }
}

/** True when the name was free and now leads to this listening server. */
async function listenAs(listener: Listener, base: string, generation: number): Promise<boolean> {
  const own = `${base}.~${randomBytes(4).toString('hex')}`;
  await listener.listen(own);
  try {
    chmodSync(own, 0o600);
    linkSync(own, `${base}.${generation}`);
    return true;
  } catch (error) {
    if (['EEXIST', 'ENOENT'].includes((error as NodeJS.ErrnoException).code ?? '')) return false;
    throw error;
  } finally {
    rmSync(own, { force: true });
  }
}

/** A contender that was overtaken while it took its number gives way. */
function isHighest(base: string, mine: number): boolean {
  if (generations(base)[0] === mine) return true;
  rmSync(`${base}.${mine}`, { force: true });
  return false;
}

async function removeDead(base: string, mine: number): Promise<void> {
  const name = basename(base);
  for (const file of readdirSync(dirname(base))) {
    if (!file.startsWith(`${name}.`) || file === `${name}.${mine}`) continue;
    const path = join(dirname(base), file);
    const socket = await connectTo(path);
    if (socket === undefined) rmSync(path, { force: true });
    else socket.destroy();
  }
}

/** Highest first. */
function generations(base: string): number[] {
  let files: string[];
  try {
    files = readdirSync(dirname(base));
  } catch {
    return [];
  }
  const prefix = `${basename(base)}.`;
  return files
    .filter((file) => file.startsWith(prefix) && /^\d+$/.test(file.slice(prefix.length)))
    .map((file) => Number(file.slice(prefix.length)))
    .sort((a, b) => b - a);
}

async function claimPipe(path: string): Promise<Claim> {
  for (;;) {
    const by = await connectTo(path);
    if (by !== undefined) return { outcome: 'held', by };
    const listener = new Listener();
    try {
      await listener.listen(path);
      return { outcome: 'claimed', listener };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
    }
  }
}

function isPipe(base: string): boolean {
  return base.startsWith('\\\\.\\pipe\\');
}

/** Bytes that a Unix socket's path may have everywhere (104 on macOS), less what a generation appends. */
const longestBase = 100 - 12;

/**
 * The name as a socket may have it, the same one for every process: where the path is too deep, a hash of it under /tmp.
 * @param path absolute
 */
export function socketBase(path: string): string {
  const hash = createHash('sha256').update(path).digest('hex').slice(0, 16);
  if (tmpdir().includes('\\')) return `\\\\.\\pipe\\murmur-${hash}`;
  return Buffer.byteLength(path) <= longestBase ? path : `/tmp/murmur-${hash}.sock`;
}

/** Undefined when nobody listens there; any other failure (no permission) is an error, never a free lake. */
function connectTo(path: string): Promise<Socket | undefined> {
  return new Promise((resolve, reject) => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.off('error', failed);
      resolve(socket);
    });
    const failed = (error: NodeJS.ErrnoException) => {
      if (['ENOENT', 'ECONNREFUSED', 'ENOTSOCK'].includes(error.code ?? '')) resolve(undefined);
      // A full queue, or a listener that closed in this very moment.
      else if (error.code === 'EAGAIN' || error.code === 'ECONNRESET')
        setTimeout(() => connectTo(path).then(resolve, reject), 10);
      else reject(error);
    };
    socket.once('error', failed);
  });
}
