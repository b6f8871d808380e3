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
 * Only the body is signed, so no header has a lasting effect. Event ids and times come from the body, and the topic is checked
 * against it. A captured body that is replayed under any topic and delivery id gives the same event ids, so nothing happens twice.
 */
export const shopify: PlatformAdapter = { eventIds: 'derived', secretFault, verify, toEvents };

/** Shopify retries for 4 hours; the rest allows for queues in between. The time is not signed: the check stops strays, not attackers. */
const oldestMs = 48 * 3_600_000;
const newestMs = 5 * 60_000;

function secretFault(secret: string): string | undefined {
  // Anyone could sign with an empty key.
  return secret.trim() === '' ? "must be the app's client secret" : undefined;
}

// Written by hand: Shopify's package is an app framework that accepts only one secret at a time.
function verify(request: WebhookRequest, secrets: readonly string[], now: Date): Verification {
  const signature = headerOf(request, 'x-shopify-hmac-sha256');
  if (signature === undefined) return signatureInvalid('The header X-Shopify-Hmac-Sha256 is missing');
  const usable = secrets.filter((secret) => secretFault(secret) === undefined);
  const expected = usable.map((secret) => createHmac('sha256', secret).update(request.rawBody).digest('base64'));
  if (!matchesAny([signature], expected)) return signatureInvalid('X-Shopify-Hmac-Sha256 does not match the body');

  const topic = headerOf(request, 'x-shopify-topic');
  if (topic === undefined || topic.length > 100 || !/^[a-z0-9_]+(\/[a-z0-9_]+)+$/.test(topic)) {
    return signatureInvalid('The header X-Shopify-Topic is missing or invalid');
  }
  const shop = /^([a-z0-9][a-z0-9-]{0,62})\.myshopify\.com$/.exec(
    headerOf(request, 'x-shopify-shop-domain')?.toLowerCase() ?? '',
  )?.[1];
  if (shop === undefined) return signatureInvalid('The header X-Shopify-Shop-Domain is missing or not a domain at myshopify.com');
  const deliveryId = headerOf(request, 'x-shopify-event-id') ?? headerOf(request, 'x-shopify-webhook-id');
  if (deliveryId === undefined || !isHeaderId(deliveryId)) {
    return signatureInvalid('The headers X-Shopify-Event-Id and X-Shopify-Webhook-Id are missing or invalid');
  }
  if (!isInWindow(request, now)) return signatureInvalid('X-Shopify-Triggered-At is outside the replay window of 48 hours');
  // The topic is part of the key, because `orders/updated` and `orders/paid` may share one event id.
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
    return unmappable('The body does not match its topic', [{ path: error.path, detail: error.message }]);
  }
}
