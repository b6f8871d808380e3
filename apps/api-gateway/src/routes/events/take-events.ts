import type { Actor } from '@orderly/contracts';
import type { AcceptedEvent, AcceptOnce, Intake, IntakeResult, KeyedRequest, OnceResult } from '@orderly/ledger';
import { metrics } from '@orderly/observability';
import type { IncomingHttpHeaders } from 'node:http';
import type { Relay } from '@orderly/queue';
import { inCreateSpan } from '../../intake/in-create-span';
import { orUnavailable } from '../../http/or-unavailable';
import type { CheckedEvent } from '../../intake/check-event';
import type { CheckedRequest } from './checked-request';

export interface TakeEventsDependencies {
  readonly intake: Intake;
  readonly acceptOnce: AcceptOnce;
  readonly relay: Relay;
}

/** What a request says about all of its events. */
export interface RequestFacts {
  readonly batch: string | null;
  readonly headers: IncomingHttpHeaders;
  readonly actor: Actor;
  /** Of the request. */
  readonly traceId: string;
}

/** Commits events, then hands their jobs over. Resolves as soon as they are committed. */
export async function takeEvents(
  events: readonly CheckedEvent[],
  facts: RequestFacts,
  { intake, relay }: Pick<TakeEventsDependencies, 'intake' | 'relay'>,
): Promise<IntakeResult[]> {
  return store(events, facts, relay, async (accepted) => {
    const value = await intake(accepted);
    return { taken: value, value };
  });
}

/** Like {@link takeEvents}, unless the request was answered before. */
export async function takeEventsOnce(
  request: KeyedRequest,
  { events, answer }: CheckedRequest,
  facts: RequestFacts,
  { acceptOnce, relay }: Pick<TakeEventsDependencies, 'acceptOnce' | 'relay'>,
): Promise<OnceResult<readonly IntakeResult[]>> {
  return store(events, facts, relay, async (accepted) => {
    const value = await acceptOnce({ request, events: accepted, answer });
    return { taken: value.status === 'done' ? value.value : [], value };
  });
}

interface Stored<Value> {
  /** What became of each event now; empty if that was settled before. */
  readonly taken: readonly IntakeResult[];
  readonly value: Value;
}

async function store<Value>(
  events: readonly CheckedEvent[],
  { batch, headers, actor, traceId }: RequestFacts,
  relay: Relay,
  run: (accepted: readonly AcceptedEvent[]) => Promise<Stored<Value>>,
): Promise<Value> {
  const { taken, value } = await inCreateSpan(attributesOf(events), headers, async (trace, span) => {
    const stored = await orUnavailable(
      run(events.map((event) => ({ ...event, batch, actor, requestTraceId: traceId, ...trace }))),
    );
    const [first] = stored.taken;
    if (first && stored.taken.length === 1) span?.setAttribute('messaging.message.id', first.eventId);
    return stored;
  });
  relay(taken.flatMap((result) => (result.status === 'accepted' ? [result.job] : [])));
  for (const [index, { status }] of taken.entries()) {
    metrics.eventsAccepted.add({ type: events[index]?.event.type ?? 'unknown', result: status });
  }
  return value;
}

const attributesOf = (events: readonly CheckedEvent[]): Record<string, string | number | undefined> =>
  events.length === 1 ? { 'orderly.order.id': events[0]?.event.orderId } : { 'messaging.batch.message_count': events.length };
