import type { AcceptOnce, Answer, EventsRequest, IntakeResult, OnceResult } from '@orderly/ledger';
import { metrics } from '@orderly/observability';
import { platforms, type PlatformName, type VerifiedDelivery } from '@orderly/platforms';
import type { Relay } from '@orderly/queue';
import type { FastifyRequest } from 'fastify';
import { createHash } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { traceIdOfRequest } from '../../http/http-server';
import { jsonAnswer, problemAnswer } from '../../http/answer';
import { inCreateSpan } from '../../intake/in-create-span';
import { databaseUnavailable, RequestRefused } from '../../http/request-refused';
import { ledgerDeadlineMs, orUnavailable } from '../../http/or-unavailable';
import type { CheckedEvent } from '../../intake/check-event';
import { DeliveryTaken } from './schema';

export interface TakeDeliveryDependencies {
  readonly acceptOnce: AcceptOnce;
  readonly relay: Relay;
}

/** Commits the events of a verified delivery, then hands their jobs over; or finds what became of an earlier try of it. */
export async function takeDelivery(
  name: PlatformName,
  { deliveryKey, sender }: VerifiedDelivery,
  events: readonly CheckedEvent[],
  request: FastifyRequest,
  { acceptOnce, relay }: TakeDeliveryDependencies,
): Promise<Answer> {
  if (events.length === 0) return answerWith({ duplicate: false, events: [] });
  const keyed = { scope: `webhook ${name} ${sender}`, key: deliveryKey, fingerprint: anyBody };
  const actor = { name: `webhook ${name}`, apiKeyId: null, onBehalfOf: sender === name ? null : sender };
  const attributes = { 'orderly.order.id': events[0]?.event.orderId };

  const traceId = traceIdOfRequest(request);
  const result = await inCreateSpan(attributes, request.headers, (trace) =>
    acceptWhenFree(acceptOnce, {
      request: keyed,
      events: events.map((event) => ({ ...event, batch: null, actor, requestTraceId: traceId, ...trace })),
      answer: (results) => (isRefused(name, results) ? problemAnswer(idReused, traceId) : answerWith(takenOf(events, results))),
    }),
  );
  if (result.status === 'done') {
    relay(result.value.flatMap((one) => (one.status === 'accepted' ? [one.job] : [])));
    countEvents(events, result.value);
    return result.answer;
  }
  metrics.eventsAccepted.add({ type: events[0]?.event.type ?? 'unknown', result: 'duplicate' }, events.length);
  return result.answer.status === 200 ? answerWith(asDuplicate(JSON.parse(result.answer.body))) : result.answer;
}

function countEvents(events: readonly CheckedEvent[], results: readonly IntakeResult[]): void {
  for (const [index, { status }] of results.entries()) {
    metrics.eventsAccepted.add({ type: events[index]?.event.type ?? 'unknown', result: status });
  }
}

/** A platform's key of duplicates is one whatever the body says: there is no other request under the same key. */
const anyBody = createHash('sha256').digest();

type Ended = Extract<OnceResult<readonly IntakeResult[]>, { status: 'done' | 'replayed' }>;

/**
 * A delivery that meets an earlier try of itself waits for the end of that: a platform counts every other answer than 2xx as a
 * failure.
 *
 * @throws RequestRefused `database-unavailable` when the end takes too long
 */
async function acceptWhenFree(acceptOnce: AcceptOnce, request: EventsRequest): Promise<Ended> {
  const giveUpAt = Date.now() + ledgerDeadlineMs;
  for (let waitMs = 10; Date.now() < giveUpAt; waitMs = Math.min(2 * waitMs, 200)) {
    const result = await orUnavailable(acceptOnce(request), giveUpAt - Date.now());
    if (result.status === 'done' || result.status === 'replayed') return result;
    await pause(waitMs);
  }
  throw databaseUnavailable();
}

/** Whether the sender must learn that an id is taken: kept as the answer to the delivery, whose other tries get it too. */
const isRefused = (name: PlatformName, results: readonly IntakeResult[]): boolean =>
  platforms[name].eventIds === 'sender' && results.some(({ status }) => status === 'reused');

const idReused = new RequestRefused('event-id-reused', { faults: [{ pointer: '#/id', detail: 'belongs to another event' }] });

function takenOf(events: readonly CheckedEvent[], results: readonly IntakeResult[]): DeliveryTaken {
  const taken = events.map(({ event: { id, orderId } }, index) => {
    const { status, eventId } = results[index] as IntakeResult;
    return status === 'reused'
      ? ({ eventId, id, orderId, status: 'rejected', code: 'event-id-reused' } as const)
      : { eventId, id, orderId, status };
  });
  return { duplicate: taken.every(({ status }) => status === 'duplicate'), events: taken };
}

const answerWith = (taken: DeliveryTaken): Answer => jsonAnswer(200, taken);

const asDuplicate = (stored: unknown): DeliveryTaken => ({
  duplicate: true,
  events: DeliveryTaken.parse(stored).events.map((event) =>
    event.status === 'rejected' ? event : { ...event, status: 'duplicate' },
  ),
});
