/** The page's requests: one answer of everything, the stream of changes, typed posts, and the run's two buttons. */
import type { FastifyInstance, FastifyReply } from 'fastify';
import { asMurmurError, MurmurError } from '../base/errors.js';
import type { DashboardFeed } from './feed.js';
import type { LivePump } from './live.js';
import { type Failure, maxDraftLength, type PostDraft } from './messages.js';

/** A comment this often keeps proxies and the page sure that the line is alive. */
const heartbeatMs = 15_000;
/** A connection that has been full this long is dropped; the page comes back by itself. */
const stalledMs = 30_000;
const mostViewers = 64;

export function serveApi(app: FastifyInstance, feed: DashboardFeed, pump: LivePump): void {
  app.get('/api/state', (_request, reply) => {
    reply.header('cache-control', 'no-store');
    return pump.state();
  });

  app.get('/api/events', (_request, reply) => {
    if (pump.viewers >= mostViewers) {
      throw new MurmurError('dashboard.too_many_viewers', `${pump.viewers} pages are open already`, {
        fault: 'external',
        retry: 'backoff',
      });
    }
    streamEvents(reply, pump);
  });

  app.post('/api/posts', async (request, reply) => {
    const journey = await feed.post(readDraft(request.body));
    return reply.code(202).send(journey);
  });

  app.get<{ Params: { id: string } }>('/api/posts/:id', async (request) => {
    const journey = await feed.journey(request.params.id);
    if (journey !== undefined) return journey;
    throw new MurmurError(
      'dashboard.no_such_post',
      `post ${JSON.stringify(request.params.id)} was not typed here`,
      {
        fault: 'user',
        fix: 'murmur trace POST_ID follows any post through the tables.',
      },
    );
  });

  app.post<{ Params: { name: string } }>('/api/streams/:name/start', async (request, reply) => {
    await feed.start(request.params.name);
    return reply.code(204).send();
  });
  app.post<{ Params: { name: string } }>('/api/streams/:name/stop', async (request, reply) => {
    await feed.stop(request.params.name);
    return reply.code(204).send();
  });
}

/** Every failure as the same JSON, with the status that fits its code. */
export function serveErrors(app: FastifyInstance): void {
  app.setErrorHandler((thrown: Error & { statusCode?: number }, _request, reply) => {
    const error = asFailure(thrown);
    return reply.code(statusOf(thrown)).send({ error } satisfies Failure);
  });
  app.setNotFoundHandler((request, reply) => {
    const error = {
      code: 'dashboard.not_found',
      fault: 'user',
      message: `nothing at ${request.url}`,
      fix: null,
    };
    return reply.code(404).send({ error } satisfies Failure);
  });
}

function streamEvents(reply: FastifyReply, pump: LivePump): void {
  reply.hijack();
  const { raw } = reply;
  raw.writeHead(200, {
    ...(reply.getHeaders() as Record<string, string>),
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-store',
    'x-accel-buffering': 'no',
  });
  raw.write('retry: 1000\n\n');
  const seat = pump.join({ send: (event, json) => raw.write(`event: ${event}\ndata: ${json}\n\n`) });
  const heartbeat = setInterval(() => {
    const full = seat.fullSince();
    if (full === undefined) raw.write(':\n\n');
    else if (Date.now() - full > stalledMs) raw.destroy();
  }, heartbeatMs);
  raw.on('drain', () => seat.ready());
  raw.on('error', () => raw.destroy());
  raw.on('close', () => {
    clearInterval(heartbeat);
    seat.leave();
  });
}

function readDraft(body: unknown): PostDraft {
  const { text, user } = (body ?? {}) as Record<string, unknown>;
  const fault =
    typeof text !== 'string' || text.trim() === ''
      ? 'a post without text'
      : text.length > maxDraftLength
        ? `a post of ${text.length} characters, more than ${maxDraftLength}`
        : user !== undefined && (typeof user !== 'string' || user.length > 100)
          ? 'a user that is not a name of at most 100 characters'
          : undefined;
  if (fault !== undefined) {
    throw new MurmurError('dashboard.bad_post', fault, {
      fault: 'user',
      fix: 'Send {"text": "…", "user": "…"} (user may be absent).',
    });
  }
  return {
    text: text as string,
    ...(typeof user === 'string' && user.trim() !== '' ? { user: user.trim() } : {}),
  };
}

const statuses: Readonly<Record<string, number>> = {
  'dashboard.token_missing': 401,
  'dashboard.foreign_host': 403,
  'dashboard.foreign_origin': 403,
  'dashboard.no_such_post': 404,
  'engine.no_such_query': 404,
  'dashboard.not_running': 409,
  'dashboard.other_format': 409,
  'dashboard.too_many_viewers': 503,
};

function statusOf(thrown: Error & { statusCode?: number }): number {
  if (!(thrown instanceof MurmurError)) return thrown.statusCode ?? 500;
  return statuses[thrown.code] ?? { user: 400, external: 502, internal: 500 }[thrown.fault];
}

/** Fastify's own refusals (bad JSON, too large, wrong type) are the sender's fault, not a bug of ours. */
function asFailure(thrown: Error & { statusCode?: number }): Failure['error'] {
  if (!(thrown instanceof MurmurError) && thrown.statusCode !== undefined && thrown.statusCode < 500) {
    return { code: 'dashboard.bad_request', fault: 'user', message: thrown.message, fix: null };
  }
  const { code, fault, message, fix } = asMurmurError(thrown);
  return { code, fault, message, fix: fix ?? null };
}
