import type { RequestListener } from 'node:http';
import type { Socket } from 'node:net';
import { createDestinationClient, type DestinationClient } from '../src';
import { answerWith, declareDestination, someOrder, startPartner, type Partner } from './partner';

/** More requests than may be in flight at once, so that connections are reused. */
const requests = 20;
const signal = new AbortController().signal;

let partner: Partner;
let client: DestinationClient;
let connections: number;

const connect = (settings: Record<string, unknown>): void => {
  client = createDestinationClient(declareDestination(`${partner.url}/orders/{orderId}`, { concurrency: 1, ...settings }));
};

const send = (key: string): ReturnType<DestinationClient['send']> => client.send({ order: someOrder, key, signal });

/** Closes each connection when a second request arrives on it. To a client this looks like an idle timeout. */
function closeOnReuse(close: (socket: Socket) => void): { processed: unknown[] } {
  const served = new WeakSet<Socket>();
  const processed: unknown[] = [];
  const listener: RequestListener = (request, response) => {
    if (served.has(request.socket)) return close(request.socket);
    served.add(request.socket);
    processed.push(request.headers['idempotency-key']);
    response.writeHead(204).end();
  };
  partner.answer(listener);
  return { processed };
}

beforeEach(async () => {
  partner = await startPartner();
  connections = 0;
  partner.server.on('connection', () => connections++);
});

afterEach(async () => {
  await client.close();
  await partner.stop();
});

// Promise 4: one effect, or an honest "unknown"; promise 5: attempts are for requests that were worth sending.
describe('a partner that closes an idle connection at the moment of its reuse', () => {
  const lookup = { mode: 'lookup', url: 'http://127.0.0.1/{orderId}', versionPointer: '/version' };

  it.each([
    ['none', 'a FIN', { mode: 'none' }, (socket: Socket) => socket.end()],
    ['none', 'a reset', { mode: 'none' }, (socket: Socket) => socket.resetAndDestroy()],
    ['lookup', 'a FIN', lookup, (socket: Socket) => socket.end()],
    ['lookup', 'a reset', lookup, (socket: Socket) => socket.resetAndDestroy()],
    ['key', 'a FIN', { mode: 'key' }, (socket: Socket) => socket.end()],
    ['key', 'a reset', { mode: 'key' }, (socket: Socket) => socket.resetAndDestroy()],
  ])('gets every request once in mode %s when it closes with %s', async (_, __, idempotency, close) => {
    const { processed } = closeOnReuse((socket) => void close(socket));
    connect({ idempotency });
    const keys = Array.from({ length: requests }, (_unused, index) => `k-${index}`);
    for (const key of keys) await expect(send(key)).resolves.toMatchObject({ responseStatus: 204 });
    expect(processed).toEqual(keys);
  });
});

describe('a request that broke a reused connection', () => {
  it('is resent once, with identical bytes, in mode key', async () => {
    partner.answer(answerWith(204), (request) => request.socket.resetAndDestroy(), answerWith(204));
    connect({});
    await send('first');
    await send('second');
    const [, broken, repeated] = partner.received;
    expect(partner.received).toHaveLength(3);
    expect(repeated).toMatchObject({ body: broken!.body, headers: { 'idempotency-key': 'second' } });
  });

  it('is not resent again: the second break is ambiguous', async () => {
    partner.answer(answerWith(204), (request) => request.socket.resetAndDestroy());
    connect({});
    await send('first');
    await expect(send('second')).rejects.toMatchObject({ code: 'destination-timeout', details: { ambiguous: true } });
    expect(partner.received).toHaveLength(3);
  });

  it('stays ambiguous if the partner then refuses connections', async () => {
    partner.answer(answerWith(204), (request) => {
      partner.server.close();
      request.socket.resetAndDestroy();
    });
    connect({});
    await send('first');
    await expect(send('second')).rejects.toMatchObject({ code: 'destination-timeout', details: { ambiguous: true } });
    partner = await startPartner();
  });

  it('is not resent if the broken connection was new', async () => {
    partner.answer((request) => request.socket.resetAndDestroy());
    connect({});
    await expect(send('first')).rejects.toMatchObject({ code: 'destination-timeout', details: { ambiguous: true } });
    expect(partner.received).toHaveLength(1);
  });
});

it.each([
  ['key', 1],
  ['none', 3],
])('opens %s: %d connections for three requests in turn', async (mode, expected) => {
  connect({ idempotency: { mode } });
  for (const key of ['a', 'b', 'c']) await send(key);
  expect(connections).toBe(expected);
});
