import { ConfigurationError } from '@orderly/errors';
import { createService, type Service } from '@orderly/runtime';
import type { FastifyInstance } from 'fastify';
import { once } from 'node:events';
import { Server as NetServer, type AddressInfo } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';

/** A Fastify app that listens on a port. */
export interface HttpService extends Service {
  /** The address on which it listens. Call it only while the service runs. */
  url(): URL;
}

export interface HttpServiceOptions {
  readonly host: string;
  /** 0 lets the system choose a free port. */
  readonly port: number;
  /** How long new connections are still accepted after the stop has begun, in ms. Load balancers must notice the stop within it. */
  readonly drainDelayMs: number;
}

/**
 * Serves an app on a port. After a stop begins, connections are still accepted for `drainDelayMs`. Load balancers notice late
 * that the process is not ready, and until then they open new connections.
 */
export function createHttpService(app: FastifyInstance, { host, port, drainDelayMs }: HttpServiceOptions): HttpService {
  let isStopping = false;
  app.addHook('onSend', async (_request, reply) => {
    // A connection that stays open after its last answer would delay the end of the process.
    if (isStopping) void reply.header('connection', 'close');
  });
  const service = createService({
    name: 'http-server',
    async start() {
      try {
        await app.listen({ host, port });
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException;
        const reason = code === 'EADDRINUSE' ? 'the port is in use' : (code ?? 'unknown reason');
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
 * The time in ms in which busy clients learn of the shutdown, from `Connection: close` in their next answer. Without it, some would
 * send a request into a closing connection and see it reset.
 */
const partingMs = 250;

/** Serves the requests that have arrived, then closes idle connections. */
async function drain(server: FastifyInstance['server']): Promise<void> {
  const drained = once(server, 'close');
  // The close of an HTTP server would also end idle connections. This one only stops accepting new ones.
  NetServer.prototype.close.call(server);
  await Promise.race([drained, pause(partingMs)]);
  server.close();
  await drained;
}

function addressOf(app: FastifyInstance): URL {
  const { port } = app.server.address() as AddressInfo;
  return new URL(`http://127.0.0.1:${port}`);
}
