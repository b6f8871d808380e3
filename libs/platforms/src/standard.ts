import { headerOf, isHeaderId } from './headers';
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
import { signingSecretFault, standardSignature } from './standard-signature';

/**
 * Senders of Standard Webhooks 1.0 (https://www.standardwebhooks.com) that use our event shape. The body is one order event as in
 * `POST /v1/events`, or the envelope `{type, timestamp, data}` with an order event as `data`.
 */
export const standard: PlatformAdapter = { eventIds: 'sender', secretFault: signingSecretFault, verify, toEvents };

/** The replay window in both directions, as in the official packages of Standard Webhooks. */
const toleranceMs = 5 * 60_000;

// The official package also reads the system clock, and stops at the first signature that matches.
function verify(request: WebhookRequest, secrets: readonly string[], now: Date): Verification {
  const [id, sentAt, signatures] = ['webhook-id', 'webhook-timestamp', 'webhook-signature'].map((name) =>
    headerOf(request, name),
  );
  if (id === undefined || sentAt === undefined || signatures === undefined) {
    return signatureInvalid('A header is missing: webhook-id, webhook-timestamp and webhook-signature are required');
  }
  if (!isHeaderId(id)) return signatureInvalid('webhook-id must be 1 to 200 printable ASCII characters without spaces');
  if (!/^\d{1,12}$/.test(sentAt)) return signatureInvalid('webhook-timestamp must be a Unix time in seconds');

  const at = new Date(Number(sentAt) * 1000);
  const usable = secrets.filter((secret) => signingSecretFault(secret) === undefined);
  const expected = usable.map((secret) => standardSignature(secret, id, sentAt, request.rawBody));
  if (!matchesAny(signatures.split(' '), expected)) return signatureInvalid('No signature matches the body');
  if (Math.abs(now.getTime() - at.getTime()) > toleranceMs) {
    return signatureInvalid('webhook-timestamp is outside the replay window of 5 minutes');
  }
  return { ok: true, delivery: { deliveryKey: id, sender: 'standard', topic: 'order-event', rawBody: request.rawBody } };
}

function toEvents({ rawBody }: VerifiedDelivery): EventMapping {
  let body: unknown;
  const rounded: string[] = [];
  try {
    body = parseJson(rawBody, (source) => rounded.push(source));
  } catch {
    return unmappable('The body is not JSON');
  }
  // As in POST /v1/events: a rounded number would be stored, not the one that was sent.
  if (rounded.length > 0) return unmappable('The body contains a number that a double cannot hold exactly; send it as text');
  if (!isEnvelope(body)) return eventAsSent(body);
  // The envelope's timestamp is ignored: it is the time of the message, and the event has its own `occurredAt`.
  const { type, data } = body;
  if (typeof data === 'object' && data !== null && 'type' in data && data.type !== type) {
    return unmappable('The type of the envelope differs from the type of its event', [
      { path: ['type'], detail: 'must equal data.type' },
    ]);
  }
  return eventAsSent(data);
}

function eventAsSent(event: unknown): EventMapping {
  const mapping = parseEvents([event]);
  return mapping.ok ? { ...mapping, asSent: [event] } : mapping;
}

/** An order event is strict and has no `timestamp`, so the two cannot be confused. */
const isEnvelope = (body: unknown): body is { type?: unknown; timestamp: unknown; data: unknown } =>
  typeof body === 'object' && body !== null && 'timestamp' in body && 'data' in body && !('orderId' in body);
