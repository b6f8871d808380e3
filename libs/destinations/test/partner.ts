import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { parseDestinations, type Destination, type OrderVersion } from '../src';

export type Received = { method: string; url: string; headers: IncomingHttpHeaders; body: string };

/** The server of a partner on loopback. It records requests, and answers as the test says. */
export type Partner = {
  url: string;
  received: Received[];
  server: Server;
  /** Answers to the next requests, in order; the last one repeats. The default is 204. */
  answer: (...listeners: RequestListener[]) => void;
  stop: () => Promise<void>;
};

export async function startPartner(): Promise<Partner> {
  const received: Received[] = [];
  let listeners: RequestListener[] = [];
  const server = createServer((request, response) => {
    void readBody(request).then((body) => {
      received.push({ method: request.method ?? '', url: request.url ?? '', headers: request.headers, body });
      const listener = listeners.length > 1 ? listeners.shift() : listeners[0];
      if (listener) listener(request, response);
      else response.writeHead(204).end();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    received,
    server,
    answer: (...next) => {
      listeners = next;
    },
    stop: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

export const answerWith =
  (status: number, body = '', headers: Record<string, string> = {}): RequestListener =>
  (_, response) => {
    response.writeHead(status, headers).end(body);
  };

/** A destination as the file declares it, on loopback unless `settings` says otherwise. */
export function declareDestination(url: string, settings: Record<string, unknown> = {}): Destination {
  const entry = { name: 'erp', mode: 'latest-state', request: { url }, allowPrivateNetwork: true, ...settings };
  const [destination] = parseDestinations(JSON.stringify({ destinations: [entry] }), {});
  if (!destination) throw new Error('no destination');
  return destination;
}

export const someOrder: OrderVersion = {
  orderId: 'o-1',
  version: 3,
  status: 'shipped',
  previousStatus: 'processing',
  change: { from: 'processing', to: 'shipped', at: '2026-01-02T03:04:05.000Z' },
  data: { customer: { id: 'c-1', name: 'Zoë' } },
};

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}
