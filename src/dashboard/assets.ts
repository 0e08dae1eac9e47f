/** The built page: a few files, read into memory once and served as they are or gzipped. */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { FastifyInstance } from 'fastify';

const contentTypes: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.json': 'application/json; charset=utf-8',
};

interface Asset {
  type: string;
  plain: Buffer;
  gzipped: Buffer;
  etag: string;
  /** Its name changes with its content. */
  hashed: boolean;
}

const notBuilt = `<!doctype html><meta charset="utf-8"><title>Murmur</title>
<p>The page is not built. In the checkout: <code>npm run build</code>, then start again.
The API answers all the same: <a href="/api/state">/api/state</a>.`;

/** Serves every file of a folder, `index.html` also as `/`. A folder that is missing gives one page that says so. */
export async function serveAssets(app: FastifyInstance, folder: string): Promise<void> {
  const assets = await readAssets(folder);
  const index = assets.get('/index.html');
  if (index !== undefined) assets.set('/', index);
  else app.get('/', (_request, reply) => reply.type('text/html; charset=utf-8').code(503).send(notBuilt));

  for (const [path, asset] of assets) {
    app.get(path, (request, reply) => {
      reply.headers({
        'cache-control': asset.hashed ? 'public, max-age=31536000, immutable' : 'no-cache',
        etag: asset.etag,
        vary: 'accept-encoding',
      });
      if (request.headers['if-none-match'] === asset.etag) return reply.code(304).send();
      reply.type(asset.type);
      if (!/\bgzip\b/.test(request.headers['accept-encoding'] ?? '')) return reply.send(asset.plain);
      return reply.header('content-encoding', 'gzip').send(asset.gzipped);
    });
  }
}

async function readAssets(folder: string): Promise<Map<string, Asset>> {
  const assets = new Map<string, Asset>();
  if (!existsSync(join(folder, 'index.html'))) return assets;
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  );
  for (const file of files) {
    const path = join(file.parentPath, file.name);
    const type = contentTypes[extname(file.name)];
    if (type === undefined) continue;
    const plain = readFileSync(path);
    const url = path.slice(folder.length).replaceAll('\\', '/').replace(/^\/*/, '/');
    assets.set(url, {
      type,
      plain,
      gzipped: await promisify(gzip)(plain, { level: 9 }),
      etag: `"${createHash('sha256').update(plain).digest('base64url').slice(0, 22)}"`,
      hashed: url.startsWith('/assets/'),
    });
  }
  return assets;
}
