import { ConfigurationError } from '@orderly/errors';
import { fastify, type FastifyInstance } from 'fastify';
import type { AddressInfo } from 'node:net';
import { watchEventLoopLag, type EventLoopLag } from './event-loop-lag';
import { createService, type Service } from './service';
import { settlesWithin } from './settles-within';

/** The state of one dependency of a service. */
export interface ReadinessCheck {
  readonly name: string;
  readonly ok: boolean;
  /** Visible to every caller: no secrets and no personal data. */
  readonly detail?: string;
}

export interface AdminServerOptions {
  readonly host: string;
  /** 0 picks any free port. */
  readonly port: number;
  /** False if only a restart helps, such as a worker that is connected but no longer fetches. Must not query other servers: their
   * outage would restart every pod. */
  readonly live: () => boolean | Promise<boolean>;
  readonly ready: () => Promise<readonly ReadinessCheck[]>;
  /** The Prometheus text for `/metrics`. */
  readonly metrics: () => Promise<string>;
}

export interface AdminServer extends Service {
  /** The address of the server; only valid while it runs. */
  address(): URL;
  /**
   * Start this last and stop it first: `/readyz` answers 503 before it is started and after it is stopped.
   */
  readonly readiness: Service;
}

/** In ms. Above this the event loop is starved, not only busy. */
const maxLagMs = 1000;
/** In ms. A check that hangs counts as failed, so that `/readyz` answers and names it. */
const checkTimeoutMs = 5000;

/** The admin server of a service: `/livez`, `/readyz`, `/metrics`. Start it first, so that probes are answered during the start. */
export function createAdminServer(options: AdminServerOptions): AdminServer {
  let phase: 'starting' | 'ready' | 'stopping' = 'starting';
  let lag: EventLoopLag | undefined;
  // No client depends on an answer during the end of the process, but an idle connection would delay it.
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
    const reason = code === 'EADDRINUSE' ? 'the port is in use' : (code ?? 'unknown reason');
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
  const failed = (detail: string): readonly ReadinessCheck[] => [{ name: 'checks', ok: false, detail }];
  try {
    const checks = ready();
    return (await settlesWithin(checks, checkTimeoutMs)) ? await checks : failed(`no result within ${checkTimeoutMs} ms`);
  } catch {
    // The error may contain hosts and users, so only the log of the failed part shows it.
    return failed('a check failed');
  }
}

function addressOf(server: FastifyInstance): URL {
  const { address, port, family } = server.server.address() as AddressInfo;
  const host = address === '0.0.0.0' || address === '::' ? '127.0.0.1' : family === 'IPv6' ? `[${address}]` : address;
  return new URL(`http://${host}:${port}`);
}
