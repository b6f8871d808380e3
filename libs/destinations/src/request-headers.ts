import { Webhook } from 'standardwebhooks';
import type { Destination, DestinationAuth } from './destination';

/** Makes the headers of requests to one destination, its credentials encoded and its signing keys decoded once. */
export type RequestHeaders = {
  /** For the delivery of `body` under the idempotency key `key`, signed as of `at`. */
  readonly forDelivery: (delivery: { key: string; body: string; at: Date }) => Record<string, string>;
  /** For a question that changes nothing. */
  readonly forLookup: () => Record<string, string>;
};

export function createRequestHeaders({
  request,
  auth,
  signing,
}: Pick<Destination, 'request' | 'auth' | 'signing'>): RequestHeaders {
  const webhooks = (signing?.secrets ?? []).map((secret) => new Webhook(secret));
  const own = Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name.toLowerCase(), value]));
  const always = { accept: 'application/json', 'user-agent': 'Orderly', ...own, ...authHeaders(auth) };
  const { 'content-type': contentType = 'application/json', ...withoutType } = always as Record<string, string>;
  return {
    forLookup: () => ({ ...withoutType }),
    forDelivery({ key, body, at }) {
      const signatures = webhooks.map((webhook) => webhook.sign(key, at, body));
      return {
        ...withoutType,
        'content-type': contentType,
        'idempotency-key': key,
        'webhook-id': key,
        'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
        ...(signatures.length > 0 ? { 'webhook-signature': signatures.join(' ') } : {}),
      };
    },
  };
}

function authHeaders(auth: DestinationAuth): Record<string, string> {
  switch (auth.type) {
    case 'none':
      return {};
    case 'bearer':
      return { authorization: `Bearer ${auth.token}` };
    case 'basic':
      return { authorization: `Basic ${Buffer.from(`${auth.username}:${auth.password}`).toString('base64')}` };
    case 'header':
      return { [auth.name.toLowerCase()]: auth.value };
  }
}
