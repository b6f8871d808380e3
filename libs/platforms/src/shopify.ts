import { createHmac } from 'node:crypto';
import { headerOf, isHeaderId } from './headers';
import { isObject } from './json-value';
import { matchesAny } from './matches-any';
import { parseEvents } from './parse-events';
import { parseJson } from './parse-json';
import {
  signatureInvalid,
  unmappable,
  type EventMapping,
  type PlatformAdapter,
  type VerifiedDelivery,
  type Verification,
  type WebhookRequest,
} from './platform-adapter';
import { BodyFault } from './shopify-order';
import { shopifyTopics } from './shopify-topics';

/**
 * Webhooks of a Shopify app (https://shopify.dev/docs/api/webhooks).
 *
 * Only the body is signed. So the headers decide nothing that lasts: ids and times of the events are made of the body, and the
 * topic is checked against it. Someone who sends a captured body again, under any topic and delivery id, makes the same event
 * ids, and so nothing happens twice.
 */
export const shopify: PlatformAdapter = { eventIds: 'derived', secretFault, verify, toEvents };

/** Shopify tries 8 times in 4 hours; the rest is for a queue on the way. The time is not signed: it keeps out strays, not attackers. */
const oldestMs = 48 * 3_600_000;
const newestMs = 5 * 60_000;

function secretFault(secret: string): string | undefined {
  // With an empty key anyone could sign.
  return secret.trim() === '' ? "must be the app's client secret" : undefined;
}

// By hand, because Shopify's own package is a whole app framework that knows one secret at a time.
function verify(request: WebhookRequest, secrets: readonly string[], now: Date): Verification {
  const signature = headerOf(request, 'x-shopify-hmac-sha256');
  if (signature === undefined) return signatureInvalid('The header X-Shopify-Hmac-Sha256 is missing');
  const usable = secrets.filter((secret) => secretFault(secret) === undefined);
  const expected = usable.map((secret) => createHmac('sha256', secret).update(request.rawBody).digest('base64'));
  if (!matchesAny([signature], expected)) return signatureInvalid('X-Shopify-Hmac-Sha256 does not fit the body');

  const topic = headerOf(request, 'x-shopify-topic');
  if (topic === undefined || topic.length > 100 || !/^[a-z0-9_]+(\/[a-z0-9_]+)+$/.test(topic)) {
    return signatureInvalid('The header X-Shopify-Topic is missing, or names no topic');
  }
  const shop = /^([a-z0-9][a-z0-9-]{0,62})\.myshopify\.com$/.exec(
    headerOf(request, 'x-shopify-shop-domain')?.toLowerCase() ?? '',
  )?.[1];
  if (shop === undefined)
    return signatureInvalid('The header X-Shopify-Shop-Domain is missing, or names no shop at myshopify.com');
  const deliveryId = headerOf(request, 'x-shopify-event-id') ?? headerOf(request, 'x-shopify-webhook-id');
  if (deliveryId === undefined || !isHeaderId(deliveryId)) {
    return signatureInvalid('The headers X-Shopify-Event-Id and X-Shopify-Webhook-Id are missing, or hold no id');
  }
  if (!isInWindow(request, now)) return signatureInvalid('X-Shopify-Triggered-At is outside the replay window of 48 hours');
  // One event id serves every subscription that it sets off: `orders/updated` and `orders/paid` may share it.
  const deliveryKey = `${topic}:${deliveryId}`;
  return { ok: true, delivery: { deliveryKey, sender: `shopify:${shop}`, topic, rawBody: request.rawBody } };
}

function isInWindow(request: WebhookRequest, now: Date): boolean {
  if (request.headers['x-shopify-triggered-at'] === undefined) return true;
  const ageMs = now.getTime() - Date.parse(headerOf(request, 'x-shopify-triggered-at') ?? '');
  return ageMs <= oldestMs && ageMs >= -newestMs;
}

function toEvents({ topic, sender, rawBody }: VerifiedDelivery): EventMapping {
  const toChanges = shopifyTopics.get(topic);
  if (!toChanges) return { ok: true, events: [] };
  let body: unknown;
  try {
    body = parseJson(rawBody, (source) => source);
  } catch {
    return unmappable('The body is not JSON');
  }
  if (!isObject(body)) return unmappable('The body is not a JSON object');

  const shop = sender.slice('shopify:'.length);
  try {
    const changes = toChanges(body);
    return parseEvents(changes.map(({ order, ...event }) => ({ ...event, source: sender, orderId: `shopify-${shop}-${order}` })));
  } catch (error) {
    if (!(error instanceof BodyFault)) throw error;
    return unmappable('The body does not fit its topic', [{ path: error.path, detail: error.message }]);
  }
}
