import { ConfigurationError } from '@orderly/errors';
import { fastify, type FastifyInstance } from 'fastify';
import type { AddressInfo } from 'node:net';
import { watchEventLoopLag, type EventLoopLag } from './event-loop-lag';
import { createService, type Service } from './service';

/** One thing without which a service cannot do its work. */
export interface ReadinessCheck {
  readonly name: string;
  readonly ok: boolean;
  /** Shown to whoever asks: no secrets, no personal data. */
  readonly detail?: string;
}

export interface AdminServerOptions {
  readonly host: string;
  /** 0 takes any free one. */
  readonly port: number;
  /** False when only a restart helps, such as a worker that is connected but no longer fetches. Never a look at a server. */
  readonly live: () => boolean | Promise<boolean>;
  readonly ready: () => Promise<readonly ReadinessCheck[]>;
  /** The Prometheus text of `/metrics`. */
  readonly metrics: () => Promise<string>;
}

export interface AdminServer extends Service {
  /** Where it listens. Only while it runs. */
  address(): URL;
  /**
   * Belongs at the end of a process's start order: `/readyz` answers 503 until this is started, and again from the moment it is
   * stopped, which is then the first thing to stop.
   */
  readonly readiness: Service;
}

/** Above this the event loop is starved, not merely busy. */
const maxLagMs = 1000;
/** A check that hangs counts as failed, so that the answer names it instead of staying away. */
const checkTimeoutMs = 5000;

/** The admin port of a service: `/livez`, `/readyz`, `/metrics`. Belongs at the beginning of a process's start order. */
export function createAdminServer(options: AdminServerOptions): AdminServer {
  let phase: 'starting' | 'ready' | 'stopping' = 'starting';
  let lag: EventLoopLag | undefined;
  // Nobody depends on an answer that is being written while the process ends; a silent connection must not hold it up.
  const server = fastify({ forceCloseConnections: true });

  server.get('/livez', async (_request, reply) => {
    const eventLoopLagMs = Math.round(lag?.medianMs() ?? 0);
    const live = eventLoopLagMs <= maxLagMs && (await isLive(options.live));
    return reply.code(live ? 200 : 503).send({ live, eventLoopLagMs });
  });
  server.get('/readyz', async (_request, reply) => {
    if (phase !== 'ready') return reply.code(503).send({ ready: false, phase, checks: [] });
    const checks = await runChecks(options.ready);
    const ready = checks.every((check) => check.ok);
    return reply.code(ready ? 200 : 503).send({ ready, phase, checks });
  });
  server.get('/metrics', async (_request, reply) =>
    reply.type('text/plain; version=0.0.4; charset=utf-8').send(await options.metrics()),
  );

  const service = createService({
    name: 'admin-server',
    async start() {
      lag = watchEventLoopLag();
      await listen(server, options);
    },
    async stop() {
      lag?.stop();
      await server.close();
    },
  });
  const readiness = createService({
    name: 'readiness',
    start: async () => void (phase = 'ready'),
    stop: async () => void (phase = 'stopping'),
  });
  return { ...service, readiness, address: () => addressOf(server) };
}

async function listen(server: FastifyInstance, { host, port }: AdminServerOptions): Promise<void> {
  try {
    await server.listen({ host, port });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const reason = code === 'EADDRINUSE' ? 'another process listens there' : (code ?? 'unknown reason');
    throw new ConfigurationError('configuration-invalid', `The admin server cannot listen on ${host}:${port}: ${reason}`, {
      cause: error,
    });
  }
}

async function isLive(live: AdminServerOptions['live']): Promise<boolean> {
  try {
    return await live();
  } catch {
    return false;
  }
}

async function runChecks(ready: AdminServerOptions['ready']): Promise<readonly ReadinessCheck[]> {
  let timer: NodeJS.Timeout | undefined;
  const timedOut = new Promise<readonly ReadinessCheck[]>((resolve) => {
    timer = setTimeout(resolve, checkTimeoutMs, [{ name: 'checks', ok: false, detail: `no result within ${checkTimeoutMs} ms` }]);
  });
  try {
    return await Promise.race([ready(), timedOut]);
  } catch {
    // The error may name hosts and users; it belongs into the log of the part that failed.
    return [{ name: 'checks', ok: false, detail: 'a check failed' }];
  } finally {
    clearTimeout(timer);
  }
}

function addressOf(server: FastifyInstance): URL {
  const { address, port, family } = server.server.address() as AddressInfo;
  const host = address === '0.0.0.0' || address === '::' ? '127.0.0.1' : family === 'IPv6' ? `[${address}]` : address;
  return new URL(`http://${host}:${port}`);
}
