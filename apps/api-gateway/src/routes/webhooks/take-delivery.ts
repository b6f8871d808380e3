import type { AcceptOnce, Answer, EventsRequest, IntakeResult, OnceResult } from '@orderly/database';
import { metrics } from '@orderly/observability';
import type { PlatformName, VerifiedDelivery } from '@orderly/platforms';
import type { Relay } from '@orderly/queue';
import { createHash } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { inCreateSpan } from '../../in-create-span';
import { databaseUnavailable } from '../../request-refused';
import { ledgerDeadlineMs, within } from '../../within';
import type { CheckedEvent } from '../events/check-event';
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
  headers: IncomingHttpHeaders,
  { acceptOnce, relay }: TakeDeliveryDependencies,
): Promise<DeliveryTaken> {
  if (events.length === 0) return { duplicate: false, events: [] };
  const request = { scope: `webhook ${name} ${sender}`, key: deliveryKey, fingerprint: anyBody };
  const actor = { name: `webhook ${name}`, apiKeyId: null, onBehalfOf: sender === name ? null : sender };
  const attributes = { 'orderly.order.id': events[0]?.event.orderId };

  const result = await inCreateSpan(attributes, headers, (trace) =>
    acceptWhenFree(acceptOnce, {
      request,
      events: events.map((event) => ({ ...event, batch: null, actor, ...trace })),
      answer: (results) => answerOf(events, results),
    }),
  );
  const taken = DeliveryTaken.parse(JSON.parse(result.answer.body));
  const answer = result.status === 'done' ? taken : asDuplicate(taken);
  if (result.status === 'done') relay(result.value.flatMap((one) => (one.status === 'accepted' ? [one.job] : [])));
  for (const [index, { status }] of answer.events.entries()) {
    metrics.eventsAccepted.add({ type: events[index]?.event.type ?? 'unknown', result: status });
  }
  return answer;
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
    const result = await within(acceptOnce(request), giveUpAt - Date.now());
    if (result.status === 'done' || result.status === 'replayed') return result;
    await pause(waitMs);
  }
  throw databaseUnavailable();
}

const answerOf = (events: readonly CheckedEvent[], results: readonly IntakeResult[]): Answer => {
  const taken = events.map(({ event: { id, orderId } }, index) => {
    const { status, eventId } = results[index] as IntakeResult;
    // The platform has told this before in other words. To refuse it would make the platform try again, and then give up on us.
    return { eventId, id, orderId, status: status === 'accepted' ? status : 'duplicate' } as const;
  });
  const body: DeliveryTaken = { duplicate: taken.every(({ status }) => status === 'duplicate'), events: taken };
  return { status: 200, headers: {}, body: JSON.stringify(body) };
};

const asDuplicate = ({ events }: DeliveryTaken): DeliveryTaken => ({
  duplicate: true,
  events: events.map((event) => ({ ...event, status: 'duplicate' })),
});
