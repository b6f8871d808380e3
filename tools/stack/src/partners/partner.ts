import fastify, { type FastifyInstance, type FastifyRequest } from 'fastify';
import type { IncomingHttpHeaders } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { Behaviour, treat, type Treatment } from './behaviour';
import { PartnerLedger, type Call } from './partner-ledger';

export type PartnerOptions = {
  name: string;
  /** Checks the authentication of a request; `body` is unparsed. */
  isAuthentic: (headers: IncomingHttpHeaders, body: Buffer) => boolean;
};

export type Partner = { url: string; stop: () => Promise<void> };

/** Starts a pretend partner: an HTTP API as a destination, with calls to inspect its requests and to make it fail. */
export async function startPartner({ name, isAuthentic }: PartnerOptions): Promise<Partner> {
  const ledger = new PartnerLedger();
  let behaviour: Behaviour = { mode: 'ok' };
  const app = fastify({ forceCloseConnections: true, routerOptions: { maxParamLength: 1024 } });
  keepBodiesAsTheyCame(app);

  app.put<{ Params: { orderId: string }; Body: Buffer }>('/orders/:orderId', async (request, reply) => {
    const call = callOf(request);
    const { treatment, next } = treat(behaviour);
    behaviour = next;
    if (treatment.delayMs > 0) await pause(treatment.delayMs);
    if (treatment.refusal === 'hang up') {
      ledger.refuse(call, null);
      reply.hijack();
      request.raw.socket.destroy();
      return reply;
    }
    if (treatment.refusal) {
      ledger.refuse(call, treatment.refusal.status);
      return reply
        .code(treatment.refusal.status)
        .headers(retryAfter(treatment.refusal))
        .send({ error: `${name} is ${behaviour.mode}` });
    }
    if (!isAuthentic(request.headers, call.body)) {
      ledger.refuse(call, 401, 'not-authenticated');
      return reply.code(401).send({ error: 'not authenticated' });
    }
    const { status, body } = ledger.accept(call);
    return reply.code(status).send(body);
  });

  app.get<{ Params: { orderId: string } }>('/orders/:orderId', (request, reply) => {
    const order = ledger.order(request.params.orderId);
    return order ? reply.send(order) : reply.code(404).send({ error: 'no such order' });
  });

  app.get<{ Querystring: { orderId?: string } }>('/requests', (request, reply) => {
    // Without a schema, Fastify's serialisation is not faster for tens of thousands of entries.
    return reply.type('application/json').send(JSON.stringify(ledger.requests(request.query.orderId)));
  });

  app.get('/behaviour', (_request, reply) => reply.send(behaviour));
  app.put<{ Body: Buffer }>('/behaviour', (request, reply) => {
    const wanted = Behaviour.safeParse(parseJson(request.body));
    if (!wanted.success) return reply.code(422).send({ error: wanted.error.issues.map(({ message }) => message).join('; ') });
    behaviour = wanted.data;
    return reply.send(behaviour);
  });

  return { url: await app.listen({ host: '127.0.0.1', port: 0 }), stop: () => app.close() };
}

// Signatures and hashes cover the raw bytes, so the body must stay unparsed.
function keepBodiesAsTheyCame(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit: 10 * 1024 * 1024 }, (_request, body, done) => done(null, body));
}

function callOf(request: FastifyRequest<{ Params: { orderId: string }; Body: Buffer | undefined }>): Call {
  const key = request.headers['idempotency-key'];
  return {
    orderId: request.params.orderId,
    key: typeof key === 'string' ? key : undefined,
    body: request.body ?? Buffer.alloc(0),
  };
}

function retryAfter({ retryAfterSeconds }: Exclude<Treatment['refusal'], 'hang up' | undefined>): Record<string, string> {
  return retryAfterSeconds === undefined ? {} : { 'retry-after': String(retryAfterSeconds) };
}

function parseJson(body: Buffer | undefined): unknown {
  try {
    return JSON.parse(body?.toString('utf8') ?? '');
  } catch {
    return undefined;
  }
}
