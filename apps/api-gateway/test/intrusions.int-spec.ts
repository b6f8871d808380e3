import { eventually } from '@orderly/testing';
import { startGateway, type TestGateway } from './gateway';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startGateway({}, { intrusion: { refusalsPerMinute: 20 }, webhookSecrets: { shopify: ['s3cret'] } });
});
afterAll(() => gateway.stop());

const raised = (cause: string) =>
  gateway.db.query<{ subject: string; pending: number }>('select subject, pending from alert_windows where cause = $1', [cause]);
const many = (count: number, send: () => Promise<{ status: number }>) =>
  Promise.all(
    Array.from({ length: count }, async () => {
      expect((await send()).status).toBe(401);
    }),
  );

describe('many requests with wrong credentials', () => {
  it('raise one alert when the threshold is reached, whatever follows in the same minute', async () => {
    const guess = () => gateway.request('GET', '/v1/orders', { headers: { authorization: `Bearer ord_${crypto.randomUUID()}` } });
    await many(19, guess);
    expect(await raised('wrong-api-keys')).toEqual([]);
    await many(30, guess);
    await eventually(async () => expect(await raised('wrong-api-keys')).toEqual([{ subject: 'api', pending: 20 }]));
  });

  it('raise no alert if they have no key at all, because that is no guess', async () => {
    const before = await raised('wrong-api-keys');
    await many(40, () => gateway.request('GET', '/v1/orders', { headers: { authorization: '' } }));
    expect(await raised('wrong-api-keys')).toEqual(before);
  });

  it('raise an alert for forged webhooks, per platform', async () => {
    await many(25, () =>
      gateway.request('POST', '/v1/webhooks/shopify', { headers: { 'x-shopify-hmac-sha256': 'bm8=' }, body: '{}' }),
    );
    await eventually(async () => expect(await raised('forged-webhooks')).toEqual([{ subject: 'shopify', pending: 20 }]));
  });
});
