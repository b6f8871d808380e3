import type { Actor } from '@orderly/contracts';
import type { Intake, IntakeResult } from '@orderly/database';
import { metrics } from '@orderly/observability';
import type { IncomingHttpHeaders } from 'node:http';
import type { Relay } from '@orderly/queue';
import { inCreateSpan } from '../../in-create-span';
import { within } from '../../within';
import type { CheckedEvent } from './check-event';

export interface TakeEventsDependencies {
  readonly intake: Intake;
  readonly relay: Relay;
}

/** What a request says about all of its events. */
export interface RequestFacts {
  readonly batch: string | null;
  readonly headers: IncomingHttpHeaders;
  readonly actor: Actor;
}

/** Commits events, then hands their jobs over. Resolves as soon as they are committed. */
export async function takeEvents(
  events: readonly CheckedEvent[],
  { batch, headers, actor }: RequestFacts,
  { intake, relay }: TakeEventsDependencies,
): Promise<IntakeResult[]> {
  const results = await inCreateSpan(attributesOf(events), headers, async (trace, span) => {
    const stored = await within(intake(events.map((event) => ({ ...event, batch, actor, ...trace }))));
    if (stored[0] && stored.length === 1) span?.setAttribute('messaging.message.id', stored[0].eventId);
    return stored;
  });
  relay(results.flatMap((result) => (result.status === 'accepted' ? [result.job] : [])));
  for (const [index, { status }] of results.entries()) {
    metrics.eventsAccepted.add({ type: events[index]?.event.type ?? 'unknown', result: status });
  }
  return results;
}

const attributesOf = (events: readonly CheckedEvent[]): Record<string, string | number | undefined> =>
  events.length === 1 ? { 'orderly.order.id': events[0]?.event.orderId } : { 'messaging.batch.message_count': events.length };
