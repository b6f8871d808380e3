import { ConfigurationError } from '@orderly/errors';
import { createService, type Service } from '@orderly/runtime';
import type { FastifyInstance } from 'fastify';
import { once } from 'node:events';
import { Server as NetServer, type AddressInfo } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';

export interface HttpService extends Service {
  /** Only while it runs. */
  url(): URL;
}

export interface HttpServiceOptions {
  readonly host: string;
  readonly port: number;
  /** How long new connections are still accepted after the stop has begun. */
  readonly drainDelayMs: number;
}

/**
 * Serves an app on a port. A stop refuses nobody at first: load balancers learn only after some time that the process is not ready,
 * and until then they send requests over new connections.
 */
export function createHttpService(app: FastifyInstance, { host, port, drainDelayMs }: HttpServiceOptions): HttpService {
  let isStopping = false;
  app.addHook('onSend', async (_request, reply) => {
    // A connection that stays open after its last answer would keep the process waiting.
    if (isStopping) void reply.header('connection', 'close');
  });
  const service = createService({
    name: 'http-server',
    async start() {
      try {
        await app.listen({ host, port });
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException;
        const reason = code === 'EADDRINUSE' ? 'another process listens there' : (code ?? 'unknown reason');
        throw new ConfigurationError('configuration-invalid', `The API cannot listen on ${host}:${port}: ${reason}`, {
          cause: error,
        });
      }
    },
    async stop() {
      isStopping = true;
      if (app.server.listening) {
        await pause(drainDelayMs);
        await drain(app.server);
      }
      await app.close();
    },
  });
  return { ...service, url: () => addressOf(app) };
}

/**
 * How long busy clients have to learn, from the answer to their next request, that their connection ends. Without it some would
 * send a request into the closing connection, and see it reset.
 */
const partingMs = 250;

/** Answers what has arrived, and tells busy clients to leave. Then idle connections are closed. */
async function drain(server: FastifyInstance['server']): Promise<void> {
  const drained = once(server, 'close');
  // Unlike the close of an HTTP server this ends no connection: it only accepts no more of them.
  NetServer.prototype.close.call(server);
  await Promise.race([drained, pause(partingMs)]);
  server.close();
  await drained;
}

function addressOf(app: FastifyInstance): URL {
  const { port } = app.server.address() as AddressInfo;
  return new URL(`http://127.0.0.1:${port}`);
}
