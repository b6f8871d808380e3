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

/** How long a delivery is known. Platforms try again for hours, at most three days. */
const retentionHours = 7 * 24;

/** Commits the events of a verified delivery, then hands their jobs over; or finds what became of an earlier try of it. */
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
      // A platform counts every answer but 2xx as a failure.
      waitsForTwin: true,
      answer: (results) => (isRefused(name, results) ? problemAnswer(idReused, traceId) : answerWith(takenOf(events, results))),
    },
    dependencies,
  );
  if (result.status === 'done') return result.answer;
  // Every body has the same fingerprint, and the delivery waits for its twin.
  if (result.status !== 'replayed') throw new Error(`A delivery was ${result.status}`);
  metrics.eventsAccepted.add({ type: events[0]?.event.type ?? 'unknown', result: 'duplicate' }, events.length);
  return result.answer.status === 200 ? answerWith(asDuplicate(JSON.parse(result.answer.body))) : result.answer;
}

/** A platform's key of duplicates is one whatever the body says: there is no other request under the same key. */
const anyBody = createHash('sha256').digest();

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
