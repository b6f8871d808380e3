import { appSecret, buildRequest } from '@orderly/platforms/testing';
import { createHmac, randomUUID } from 'node:crypto';
import type { AppConfig } from '../src/config';
import type { Answer, RunningGateway, TestGateway } from './gateway';

/** A request as a platform sends it. */
export interface Delivery {
  readonly platform: string;
  readonly headers: Record<string, string>;
  readonly body: Uint8Array<ArrayBuffer>;
}

/** A second secret that is valid during a rotation. */
export const oldAppSecret = 'shpss_made_up_and_old';
export const standardSecret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;

/** Both platforms are set up, Shopify during a rotation of its secret. */
export const webhookConfig: Partial<AppConfig> = {
  webhookSecrets: { shopify: [oldAppSecret, appSecret], standard: [standardSecret] },
};

type Headers = Record<string, string | undefined>;

/** A new delivery of Shopify with a unique id. */
export function shopifyDelivery(
  body: object | string,
  topic = 'orders/create',
  { secret, headers = {} }: { secret?: string; headers?: Headers } = {},
): Delivery {
  const now = { 'x-shopify-triggered-at': new Date().toISOString(), 'x-shopify-event-id': randomUUID() };
  const request = buildRequest(body, topic, { secret, headers: { ...now, ...headers } });
  return { platform: 'shopify', headers: request.headers as Record<string, string>, body: new Uint8Array(request.rawBody) };
}

/** A new delivery of Standard Webhooks with a unique id. */
export function standardDelivery(
  content: object | string | Uint8Array,
  { secret = standardSecret, id = `msg_${randomUUID()}`, at = new Date(), headers = {} } = {},
): Delivery {
  const body = Buffer.from(
    content instanceof Uint8Array ? content : typeof content === 'string' ? content : JSON.stringify(content),
  );
  const seconds = Math.floor(at.getTime() / 1000);
  const key = Buffer.from(secret.slice('whsec_'.length), 'base64');
  const signature = createHmac('sha256', key).update(`${id}.${seconds}.`).update(body).digest('base64');
  const signed = { 'webhook-id': id, 'webhook-timestamp': String(seconds), 'webhook-signature': `v1,${signature}` };
  return {
    platform: 'standard',
    headers: { 'content-type': 'application/json', ...signed, ...headers },
    body: new Uint8Array(body),
  };
}

/** Posts without an API key, as platforms do. */
export const deliver = (gateway: RunningGateway, { platform, headers, body }: Delivery): Promise<Answer> =>
  gateway.request('POST', `/v1/webhooks/${platform}`, { headers: { authorization: '', ...headers }, body });

/** The same delivery without some of its headers. */
export const without = (delivery: Delivery, ...names: readonly string[]): Delivery => ({
  ...delivery,
  headers: Object.fromEntries(Object.entries(delivery.headers).filter(([name]) => !names.includes(name))),
});

/** The number of rows in each table to which a delivery may write. */
export async function countsOf({ db }: TestGateway): Promise<unknown> {
  const [row] = await db.query(
    `select (select count(*) from events) as events, (select count(*) from jobs) as jobs,
       (select count(*) from event_keys) as keys, (select count(*) from idempotency_keys) as answers`,
  );
  return row;
}
