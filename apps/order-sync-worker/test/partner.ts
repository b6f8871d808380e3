import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A request as the partner received it. Paths are `/<destination>/<orderId>`. */
export type PartnerRequest = {
  readonly at: number;
  readonly method: string;
  readonly destination: string;
  readonly orderId: string;
  /** The version in the envelope; 0 for a lookup. */
  readonly version: number;
  readonly key: string | undefined;
  readonly bodyHash: string;
  readonly headers: IncomingMessage['headers'];
};

export type Answer = (response: ServerResponse) => void;

/** An external system on loopback that answers as the test says, and records its requests. */
export type Partner = {
  readonly url: string;
  /** All requests in the order of arrival, answered or not. */
  readonly requests: PartnerRequest[];
  /** Requests about one order. */
  readonly about: (orderId: string) => PartnerRequest[];
  /** Replaces the behaviour; by default every request is answered with 204. */
  behave: (answerOf: (request: PartnerRequest) => Answer | undefined) => void;
  readonly close: () => Promise<void>;
};

export async function startPartner(): Promise<Partner> {
  const requests: PartnerRequest[] = [];
  let answerOf: (request: PartnerRequest) => Answer | undefined = () => undefined;
  const server = createServer((request, response) => {
    void read(request).then((received) => {
      requests.push(received);
      (answerOf(received) ?? status(204))(response);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    about: (orderId) => requests.filter((request) => request.orderId === orderId),
    behave: (next) => void (answerOf = next),
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

export const status =
  (code: number, headers: Record<string, string> = {}, body = ''): Answer =>
  (response) =>
    void response.writeHead(code, headers).end(body);

/** Breaks the connection after the request has arrived. */
export const reset: Answer = (response) => void response.destroy();

/** Never answers. */
export const silence: Answer = () => undefined;

/** Answers when the test opens the gate. */
export function gate(code = 204, headers: Record<string, string> = {}): { answer: Answer; open: () => void } {
  let open = (): void => undefined;
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { answer: (response) => void opened.then(() => status(code, headers)(response)), open: () => open() };
}

/** Answers the requests of one order in turn, and repeats the last answer; other requests succeed. */
export const inTurn = (orderId: string, ...answers: readonly Answer[]): ((request: PartnerRequest) => Answer | undefined) => {
  let next = 0;
  return (request) => (request.orderId === orderId ? answers[Math.min(next++, answers.length - 1)] : undefined);
};

async function read(request: IncomingMessage): Promise<PartnerRequest> {
  const at = Date.now();
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const body = Buffer.concat(chunks).toString('utf8');
  const [, destination = '', orderId = ''] = (request.url ?? '').split('/');
  const version = body === '' ? 0 : (JSON.parse(body) as { data: { version: number } }).data.version;
  return {
    at,
    method: request.method ?? '',
    destination,
    orderId,
    version,
    key: request.headers['idempotency-key'] as string | undefined,
    bodyHash: createHash('sha256').update(body).digest('hex'),
    headers: request.headers,
  };
}
