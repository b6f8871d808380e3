import { createHmac } from 'node:crypto';
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

/**
 * Any sender of Standard Webhooks 1.0 (https://www.standardwebhooks.com) that speaks our own event shape: the body is one order
 * event as in `POST /v1/events`, or the envelope `{type, timestamp, data}` with one as its `data`.
 */
export const standard: PlatformAdapter = { eventIds: 'sender', secretFault, verify, toEvents };

const toleranceMs = 5 * 60_000;

function secretFault(secret: string): string | undefined {
  const [, base64] = /^whsec_((?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?)$/.exec(secret) ?? [];
  const bytes = Buffer.from(base64 ?? '', 'base64').length;
  return bytes >= 24 && bytes <= 64 ? undefined : 'must be whsec_ and the base64 of 24 to 64 random bytes';
}

// By hand: the official package signs the body as text rather than its bytes, hashes it in JavaScript, twenty times slower,
// reads the clock of the process and stops at the first signature that fits.
function verify(request: WebhookRequest, secrets: readonly string[], now: Date): Verification {
  const [id, sentAt, signatures] = ['webhook-id', 'webhook-timestamp', 'webhook-signature'].map((name) =>
    headerOf(request, name),
  );
  if (id === undefined || sentAt === undefined || signatures === undefined) {
    return signatureInvalid('A header is missing: webhook-id, webhook-timestamp and webhook-signature are needed');
  }
  if (!isHeaderId(id)) return signatureInvalid('webhook-id is not an id of at most 200 characters');
  if (!/^\d{1,12}$/.test(sentAt)) return signatureInvalid('webhook-timestamp is not a time in seconds');

  const at = new Date(Number(sentAt) * 1000);
  const usable = secrets.filter((secret) => secretFault(secret) === undefined);
  const expected = usable.map((secret) => `v1,${signatureOf(secret, `${id}.${sentAt}.`, request.rawBody)}`);
  if (!matchesAny(signatures.split(' '), expected)) return signatureInvalid('No signature of the body fits');
  if (Math.abs(now.getTime() - at.getTime()) > toleranceMs) {
    return signatureInvalid('webhook-timestamp is outside the replay window of 5 minutes');
  }
  return { ok: true, delivery: { deliveryKey: id, sender: 'standard', topic: 'order-event', rawBody: request.rawBody } };
}

const signatureOf = (secret: string, prefix: string, rawBody: Buffer): string =>
  createHmac('sha256', Buffer.from(secret.slice('whsec_'.length), 'base64'))
    .update(prefix)
    .update(rawBody)
    .digest('base64');

function toEvents({ rawBody }: VerifiedDelivery): EventMapping {
  let body: unknown;
  const rounded: string[] = [];
  try {
    body = parseJson(rawBody, (source) => rounded.push(source));
  } catch {
    return unmappable('The body is not JSON');
  }
  // As POST /v1/events does: what would be stored is not what was sent.
  if (rounded.length > 0) return unmappable('The body has a number that no double holds exactly: send it as text');
  if (!isEnvelope(body)) return eventAsSent(body);
  // The envelope's own timestamp is left aside: it is when the message was made, and the event says when it occurred.
  const { type, data } = body;
  if (typeof data === 'object' && data !== null && 'type' in data && data.type !== type) {
    return unmappable('The type of the envelope is not that of the event in it', [
      { path: ['type'], detail: 'contradicts data.type' },
    ]);
  }
  return eventAsSent(data);
}

function eventAsSent(event: unknown): EventMapping {
  const mapping = parseEvents([event]);
  return mapping.ok ? { ...mapping, asSent: [event] } : mapping;
}

/** An order event is strict and has no `timestamp`, so the two cannot be taken for each other. */
const isEnvelope = (body: unknown): body is { type?: unknown; timestamp: unknown; data: unknown } =>
  typeof body === 'object' && body !== null && 'timestamp' in body && 'data' in body && !('orderId' in body);
