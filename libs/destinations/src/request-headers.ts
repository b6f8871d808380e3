import { standardSignature } from '@orderly/platforms';
import type { Destination, DestinationAuth } from './destination';

/** Makes the headers of requests to one destination, with its credentials encoded once. */
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
  const secrets = signing?.secrets ?? [];
  const own = Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name.toLowerCase(), value]));
  const always = { accept: 'application/json', 'user-agent': 'Orderly', ...own, ...authHeaders(auth) };
  const { 'content-type': contentType = 'application/json', ...withoutType } = always as Record<string, string>;
  return {
    forLookup: () => ({ ...withoutType }),
    forDelivery({ key, body, at }) {
      const timestamp = String(Math.floor(at.getTime() / 1000));
      const signatures = secrets.map((secret) => standardSignature(secret, key, timestamp, body));
      return {
        ...withoutType,
        'content-type': contentType,
        'idempotency-key': key,
        'webhook-id': key,
        'webhook-timestamp': timestamp,
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
