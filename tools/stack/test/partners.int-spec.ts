import { createHash } from 'node:crypto';
import { Webhook } from 'standardwebhooks';
import { startPartners, type Partners } from '../src/partners/start-partners';
import type { RecordedRequest } from '../src/partners/partner-ledger';

const erpToken = 'a-token-for-tests';
const wmsSigningSecret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;

describe('a pretend partner', () => {
  let partners: Partners;
  beforeEach(async () => {
    partners = await startPartners({ erpToken, wmsSigningSecret });
  });
  afterEach(() => Promise.all([partners.erp.stop(), partners.wms.stop()]));

  it('shows the last version and status it received', async () => {
    expect((await fetch(`${partners.erp.url}/orders/o-1`)).status).toBe(404);
    expect((await put({ version: 1, status: 'pending' })).status).toBe(201);
    expect((await put({ version: 2, status: 'confirmed' })).status).toBe(200);
    expect(await json(`${partners.erp.url}/orders/o-1`)).toEqual({ version: 2, status: 'confirmed' });
  });

  it('answers a repeated key with the same answer and no second effect', async () => {
    await put({ version: 1, status: 'pending', key: 'k-1' });
    await put({ version: 2, status: 'confirmed', key: 'k-2' });
    expect((await put({ version: 1, status: 'pending', key: 'k-1' })).status).toBe(201);
    expect(await json(`${partners.erp.url}/orders/o-1`)).toEqual({ version: 2, status: 'confirmed' });
    expect((await requests()).map(({ isRepeat }) => isRepeat)).toEqual([false, false, true]);
  });

  it('records a key with two bodies, and a version that goes backwards', async () => {
    await put({ version: 2, status: 'confirmed', key: 'k-1' });
    expect((await put({ version: 3, status: 'shipped', key: 'k-1' })).status).toBe(422);
    await put({ version: 1, status: 'pending', key: 'k-2' });
    expect((await requests()).map(({ fault }) => fault)).toEqual([undefined, 'key-reused', 'version-went-backwards']);
  });

  it('records each request with key, version, time, answer and body hash', async () => {
    await put({ version: 1, status: 'pending', key: 'k-1' });
    await put({ orderId: 'o-2', version: 1, status: 'pending', key: 'k-2' });
    expect(await requests('o-2')).toEqual([
      {
        ...{ orderId: 'o-2', key: 'k-2', version: 1, status: 'pending', answer: 201, isRepeat: false },
        time: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/) as string,
        bodyHash: createHash('sha256')
          .update(envelope('o-2', 1, 'pending'))
          .digest('hex'),
      },
    ]);
    expect(await requests()).toHaveLength(2);
  });

  it('accepts order ids that need escaping in a URL', async () => {
    const orderId = 'shop/1?x=%&y';
    expect((await put({ orderId, version: 1, status: 'pending' })).status).toBe(201);
    expect(await json(`${partners.erp.url}/orders/${encodeURIComponent(orderId)}`)).toMatchObject({ version: 1 });
  });

  it('refuses a wrong token and records the request', async () => {
    expect((await put({ version: 1, status: 'pending', token: 'another' })).status).toBe(401);
    expect(await requests()).toMatchObject([{ answer: 401, fault: 'not-authenticated' }]);
  });

  it('accepts a signed request to wms and refuses a forged one', async () => {
    const body = envelope('o-1', 1, 'pending');
    const send = (signed: string): Promise<Response> => {
      const now = new Date();
      const signature = new Webhook(wmsSigningSecret).sign('msg-1', now, signed);
      const timestamp = String(Math.floor(now.getTime() / 1000));
      const headers = { 'webhook-id': 'msg-1', 'webhook-timestamp': timestamp, 'webhook-signature': signature };
      return fetch(`${partners.wms.url}/orders/o-1`, {
        method: 'PUT',
        body,
        headers: { ...headers, 'content-type': 'application/json', 'idempotency-key': 'msg-1' },
      });
    };
    expect((await send(`${body} `)).status).toBe(401);
    expect((await send(body)).status).toBe(201);
  });

  it('fails in the given mode for the given number of requests', async () => {
    await behave({ mode: 'throttling', retryAfterSeconds: 7, count: 1 });
    const throttled = await put({ version: 1, status: 'pending' });
    expect([throttled.status, throttled.headers.get('retry-after')]).toEqual([429, '7']);
    await behave({ mode: 'down', count: 1 });
    await expect(put({ version: 1, status: 'pending' })).rejects.toThrow();
    expect((await put({ version: 1, status: 'pending' })).status).toBe(201);
    expect((await requests()).map(({ answer }) => answer)).toEqual([429, null, 201]);
    expect(await json(`${partners.erp.url}/behaviour`)).toEqual({ mode: 'ok' });
  });

  it('refuses an unknown behaviour', async () => {
    expect((await behave({ mode: 'angry' })).status).toBe(422);
  });

  const behave = (behaviour: object): Promise<Response> =>
    fetch(`${partners.erp.url}/behaviour`, { method: 'PUT', body: JSON.stringify(behaviour) });

  const requests = (orderId?: string): Promise<RecordedRequest[]> =>
    json(`${partners.erp.url}/requests${orderId === undefined ? '' : `?orderId=${orderId}`}`) as Promise<RecordedRequest[]>;

  function put(call: { orderId?: string; version: number; status: string; key?: string; token?: string }): Promise<Response> {
    const { orderId = 'o-1', version, status, key = `${orderId}-${version}`, token = erpToken } = call;
    return fetch(`${partners.erp.url}/orders/${encodeURIComponent(orderId)}`, {
      method: 'PUT',
      body: envelope(orderId, version, status),
      headers: { authorization: `Bearer ${token}`, 'idempotency-key': key, 'content-type': 'application/json' },
    });
  }
});

const envelope = (orderId: string, version: number, status: string): string =>
  JSON.stringify({ type: 'order.snapshot', timestamp: '2026-01-01T00:00:00.000Z', data: { orderId, version, status } });

const json = async (url: string): Promise<unknown> => (await fetch(url)).json();
