import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

type Counts = Record<string, number>;
export type StandInStatistics = {
  orders: Counts;
  messages: Counts;
  jobs: { name: string; destination: string | null; state: string; outcome: string | null; count: number }[];
};
/** Replaces the usual answer to one request. Returns true if it has answered, or will never answer. */
export type Quirk = (request: IncomingMessage, response: ServerResponse, takeEvents: () => void) => boolean;

/** A fake gateway with the documented answers. It records events and processes nothing. */
export class GatewayStandIn {
  /** Ids of accepted events, in order. */
  readonly accepted: string[] = [];
  /** Sizes, labels and times of the answered requests with events. */
  readonly batches: { size: number; label: string | undefined; atMs: number }[] = [];
  /** Quirks for the next requests with events, one each. */
  readonly quirks: Quirk[] = [];
  /** Answers to requests for statistics, one each; the last one repeats. */
  statistics: StandInStatistics[] = [{ orders: {}, messages: {}, jobs: [] }];
  key = 'a-key';
  readonly #server = createServer((request, response) => void this.#answer(request, response));
  #inFlight = 0;
  mostInFlight = 0;

  async start(): Promise<string> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    if (request.headers.authorization !== `Bearer ${this.key}`)
      return problem(response, 401, { code: 'unauthenticated', title: 'A valid API key is needed.' });
    if (request.url?.startsWith('/v1/stats?batch=')) return send(response, 200, this.#count());
    if (request.method !== 'POST' || request.url !== '/v1/events') return problem(response, 404, { code: 'not-found' });

    this.mostInFlight = Math.max(this.mostInFlight, (this.#inFlight += 1));
    response.once('close', () => (this.#inFlight -= 1));
    const events = JSON.parse(Buffer.concat(chunks).toString()) as { id?: unknown }[];
    const answer = (): object => this.#take(events, request.headers['orderly-batch'] as string | undefined);
    if (this.quirks.shift()?.(request, response, answer)) return;
    send(response, 202, answer());
  }

  #take(events: readonly { id?: unknown }[], label: string | undefined): object {
    this.batches.push({ size: events.length, label, atMs: performance.now() });
    const results = events.map(({ id }, index) => {
      if (typeof id !== 'string') {
        const errors = [{ pointer: `#/${index}/id`, detail: 'must be a text' }];
        return { index, id: null, status: 'rejected', problem: { code: 'validation-failed', title: 'It is not valid.', errors } };
      }
      const isKnown = this.accepted.includes(id);
      if (!isKnown) this.accepted.push(id);
      return { index, id, eventId: `event-${id}`, status: isKnown ? 'duplicate' : 'accepted' };
    });
    const count = (status: string): number => results.filter((result) => result.status === status).length;
    return { accepted: count('accepted'), duplicates: count('duplicate'), rejected: count('rejected'), results };
  }

  #count(): object {
    const statistics = this.statistics.length > 1 ? this.statistics.shift() : this.statistics[0];
    const jobs = statistics?.jobs ?? [];
    const count = (...states: string[]): number =>
      jobs.filter(({ state }) => states.includes(state)).reduce((sum, job) => sum + job.count, 0);
    return {
      ...{
        batch: 'any',
        events: { accepted: this.accepted.length },
        ...statistics,
        open: count('runnable', 'running', 'retrying'),
      },
      ...{ parked: count('parked'), blocked: count('blocked'), ended: count('ended') },
    };
  }
}

export function problem(response: ServerResponse, status: number, body: object, headers: Record<string, string> = {}): void {
  response.writeHead(status, { 'content-type': 'application/problem+json', ...headers }).end(JSON.stringify(body));
}

const send = (response: ServerResponse, status: number, body: object): void =>
  void response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
