import type { Answer, IntakeResult } from '@orderly/ledger';
import { metrics } from '@orderly/observability';
import { platforms, type PlatformName, type VerifiedDelivery } from '@orderly/platforms';
import type { FastifyRequest } from 'fastify';
import { createHash } from 'node:crypto';
import { jsonAnswer, problemAnswer } from '../../http/answer';
import { traceIdOfRequest } from '../../http/http-server';
import { RequestRefused } from '../../http/request-refused';
import type { CheckedEvent } from '../../intake/check-event';
import { takeEvents, type TakeEventsDependencies } from '../../intake/take-events';
import { DeliveryTaken } from './schema';

/** How long a delivery is remembered. Platforms retry for at most three days, so a week is ample. */
const retentionHours = 7 * 24;

/** Commits the events of a verified delivery and hands their jobs over. A repeated delivery gets the stored answer. */
export async function takeDelivery(
  name: PlatformName,
  { deliveryKey, sender }: VerifiedDelivery,
  events: readonly CheckedEvent[],
  request: FastifyRequest,
  dependencies: TakeEventsDependencies,
): Promise<Answer> {
  if (events.length === 0) return answerWith({ duplicate: false, events: [] });
  const traceId = traceIdOfRequest(request);
  const result = await takeEvents(
    {
      request,
      events,
      batch: null,
      actor: { name: `webhook ${name}`, apiKeyId: null, onBehalfOf: sender === name ? null : sender },
      key: { scope: `webhook ${name} ${sender}`, key: deliveryKey, fingerprint: anyBody, retentionHours },
      // Platforms count every status but 2xx as a failure, so a concurrent twin must not get 409.
      waitsForTwin: true,
      answer: (results) => (isRefused(name, results) ? problemAnswer(idReused, traceId) : answerWith(takenOf(events, results))),
    },
    dependencies,
  );
  if (result.status === 'done') return result.answer;
  // Neither a reused key nor a request in progress is possible: all fingerprints are equal, and the delivery waits for its twin.
  if (result.status !== 'replayed') throw new Error(`A delivery was ${result.status}`);
  metrics.eventsAccepted.add({ type: events[0]?.event.type ?? 'unknown', result: 'duplicate' }, events.length);
  return result.answer.status === 200 ? answerWith(asDuplicate(JSON.parse(result.answer.body))) : result.answer;
}

/** One fingerprint for all bodies: the platform's id alone decides if a delivery is a duplicate. */
const anyBody = createHash('sha256').digest();

/** Senders that choose their ids must learn of a clash. The 409 is stored, so retries of the delivery get it too. */
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
